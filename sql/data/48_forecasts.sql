-- Planning: by which rules stock is replenished, and what was forecast for it.
CREATE TABLE stockflow.replenishment_policies (
    company_id bigint NOT NULL,
    policy_id bigserial,
    category_id bigint,
    product_id bigint,
    reorder_policy text,
    service_level numeric,
    service_level_a numeric,
    service_level_b numeric,
    service_level_c numeric,
    lead_time_days integer,
    review_days integer,
    order_rule text,
    cover_days integer,
    order_cost numeric,
    holding_rate numeric,
    forecast_method text,
    CONSTRAINT replenishment_policies_pkey PRIMARY KEY (company_id, policy_id),
    -- Serves the foreign key to categories and the look-up by category, too.
    CONSTRAINT replenishment_policies_scope_key UNIQUE NULLS NOT DISTINCT (company_id, category_id, product_id),
    CONSTRAINT replenishment_policies_company_fkey FOREIGN KEY (company_id) REFERENCES stockflow.companies,
    CONSTRAINT replenishment_policies_category_fkey
        FOREIGN KEY (company_id, category_id) REFERENCES stockflow.categories,
    CONSTRAINT replenishment_policies_product_fkey
        FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products,
    CONSTRAINT replenishment_policies_scope_check CHECK (num_nonnulls(category_id, product_id) <= 1),
    CONSTRAINT replenishment_policies_policy_check CHECK (reorder_policy IN ('manual', 'dynamic')),
    -- Between the levels at which forecasts are kept.
    CONSTRAINT replenishment_policies_level_check
        CHECK (service_level >= 0.5 AND service_level <= 0.999 AND service_level_a >= 0.5 AND service_level_a <= 0.999
               AND service_level_b >= 0.5 AND service_level_b <= 0.999 AND service_level_c >= 0.5 AND service_level_c <= 0.999),
    CONSTRAINT replenishment_policies_days_check
        CHECK (lead_time_days >= 0 AND lead_time_days <= 365 AND review_days >= 0 AND review_days <= 365 AND cover_days >= 1 AND cover_days <= 3650),
    CONSTRAINT replenishment_policies_rule_check CHECK (order_rule IN ('cover', 'eoq')),
    CONSTRAINT replenishment_policies_cost_check
        CHECK (order_cost > 0 AND order_cost < 1000000000000 AND holding_rate > 0 AND holding_rate <= 100),
    CONSTRAINT replenishment_policies_method_check CHECK (char_length(forecast_method) BETWEEN 1 AND 200)
);
-- Foreign key, and the policy of a product: WHERE company_id = $1 AND product_id = $2
CREATE INDEX replenishment_policies_product_idx ON stockflow.replenishment_policies (company_id, product_id);

COMMENT ON TABLE stockflow.replenishment_policies IS 'Rules of replenishment, of a product, a category or (neither is given) the company. What a row leaves NULL comes from the next wider one, and in the end from the default.';
COMMENT ON COLUMN stockflow.replenishment_policies.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.replenishment_policies.policy_id IS 'Key within the company.';
COMMENT ON COLUMN stockflow.replenishment_policies.category_id IS 'The category it is for; NULL: the product''s or the company''s.';
COMMENT ON COLUMN stockflow.replenishment_policies.product_id IS 'The product it is for; NULL: the category''s or the company''s.';
COMMENT ON COLUMN stockflow.replenishment_policies.reorder_policy IS 'dynamic: the reorder point comes from the forecast, as soon as there is one; manual (default): from inventory, products, categories and companies.';
COMMENT ON COLUMN stockflow.replenishment_policies.service_level IS 'Probability of no stock-out until a delivery, 0.5 to 0.999; default 0.95.';
COMMENT ON COLUMN stockflow.replenishment_policies.service_level_a IS 'The same for products of class A (product_classes); comes before service_level of the same row.';
COMMENT ON COLUMN stockflow.replenishment_policies.service_level_b IS 'The same for class B.';
COMMENT ON COLUMN stockflow.replenishment_policies.service_level_c IS 'The same for class C, and for products without demand.';
COMMENT ON COLUMN stockflow.replenishment_policies.lead_time_days IS 'Days from order to receipt where neither receipts nor the supplier''s terms say; default 7.';
COMMENT ON COLUMN stockflow.replenishment_policies.review_days IS 'Days between two looks at the stock, which add to the lead time; default 1, 0: every sale is looked at.';
COMMENT ON COLUMN stockflow.replenishment_policies.order_rule IS 'Quantity to order above the reorder point: cover (cover_days of expected demand) or eoq (the economic order quantity, where order_cost, holding_rate and the cost of a unit are known); default: none, the alerts'' own rule.';
COMMENT ON COLUMN stockflow.replenishment_policies.cover_days IS 'Days of expected demand in an order; default: companies.cover_days.';
COMMENT ON COLUMN stockflow.replenishment_policies.order_cost IS 'Cost of placing one order, in the company''s currency.';
COMMENT ON COLUMN stockflow.replenishment_policies.holding_rate IS 'Cost of holding a unit for a year, as a share of its cost: 0.25 for a quarter.';
COMMENT ON COLUMN stockflow.replenishment_policies.forecast_method IS 'Method of forecast(); default auto.';

CREATE TABLE stockflow.forecasts (
    company_id bigint NOT NULL,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    as_of date NOT NULL,
    history_days integer NOT NULL,
    days_in_stock integer NOT NULL,
    demand_class text NOT NULL,
    adi float8,
    cv2 float8,
    abc_class text,
    method text NOT NULL,
    model text NOT NULL,
    parameters jsonb NOT NULL,
    origins integer NOT NULL,
    mean_absolute_error float8,
    root_mean_squared_error float8,
    bias float8,
    horizon_sum_error float8,
    supplier_id bigint,
    unit_cost numeric,
    lead_time_mean float8 NOT NULL,
    lead_time_sd float8 NOT NULL,
    lead_time_source text NOT NULL,
    review_days integer NOT NULL,
    daily_mean float8 NOT NULL,
    demand_mean float8 NOT NULL,
    demand_variance float8 NOT NULL,
    levels float8[] NOT NULL,
    quantiles float8[] NOT NULL,
    daily_means float8[] NOT NULL,
    steps integer[] NOT NULL,
    step_quantiles float8[] NOT NULL,
    inventory_version bigint NOT NULL,
    computed_at timestamptz NOT NULL,
    -- No foreign key to inventory, which would get in the way of its guards. A trigger there lets a
    -- forecast go with its stock: a row of inventory that comes back starts without one.
    CONSTRAINT forecasts_pkey PRIMARY KEY (company_id, product_id, warehouse_id),
    CONSTRAINT forecasts_numbers_check
        CHECK (history_days >= 0 AND days_in_stock >= 0 AND lead_time_mean >= 0 AND lead_time_sd >= 0 AND review_days >= 0
               AND daily_mean >= 0 AND demand_mean >= 0 AND demand_variance >= 0 AND origins >= 0),
    CONSTRAINT forecasts_source_check CHECK (lead_time_source IN ('measured', 'stated', 'policy', 'assumed')),
    CONSTRAINT forecasts_class_check CHECK (abc_class IN ('A', 'B', 'C', 'N'))
) WITH (fillfactor = 80);
COMMENT ON TABLE stockflow.forecasts IS 'The last forecast of each product in each warehouse that has sold it, written by refresh_forecasts. Numbers of units are float8: they are estimates.';
COMMENT ON COLUMN stockflow.forecasts.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.forecasts.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.forecasts.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN stockflow.forecasts.as_of IS 'Last day of the history, in the company''s time zone; the forecast starts on the day after.';
COMMENT ON COLUMN stockflow.forecasts.history_days IS 'Days of history that were used.';
COMMENT ON COLUMN stockflow.forecasts.days_in_stock IS 'Those of them on which the product could be sold; the others were filled from these.';
COMMENT ON COLUMN stockflow.forecasts.demand_class IS 'Class of the demand, as classify_demand: smooth, erratic, intermittent, lumpy, single or none.';
COMMENT ON COLUMN stockflow.forecasts.adi IS 'Days per day with a sale; NULL: no sale.';
COMMENT ON COLUMN stockflow.forecasts.cv2 IS 'Squared coefficient of variation of the units on days with a sale; NULL: fewer than two.';
COMMENT ON COLUMN stockflow.forecasts.abc_class IS 'Class of the product (product_classes) when a policy last asked for it; NULL: none has.';
COMMENT ON COLUMN stockflow.forecasts.method IS 'The method asked for.';
COMMENT ON COLUMN stockflow.forecasts.model IS 'What ran.';
COMMENT ON COLUMN stockflow.forecasts.parameters IS 'The methods it is made of, the heaviest first: method, model, weight, parameters.';
COMMENT ON COLUMN stockflow.forecasts.origins IS 'Earlier days from which it was made again, for the errors; see forecast_model.';
COMMENT ON COLUMN stockflow.forecasts.mean_absolute_error IS 'Mean absolute error per day, in units; NULL without origins.';
COMMENT ON COLUMN stockflow.forecasts.root_mean_squared_error IS 'Root mean squared error per day, in units; NULL without origins.';
COMMENT ON COLUMN stockflow.forecasts.bias IS 'Mean of forecast less demand per day, in units; NULL without origins.';
COMMENT ON COLUMN stockflow.forecasts.horizon_sum_error IS 'Mean absolute error of the sum over the horizon, in units; NULL without origins.';
COMMENT ON COLUMN stockflow.forecasts.supplier_id IS 'The supplier whose lead time it is; NULL: none.';
COMMENT ON COLUMN stockflow.forecasts.unit_cost IS 'Cost of a unit by the terms of this supplier; NULL: unknown.';
COMMENT ON COLUMN stockflow.forecasts.lead_time_mean IS 'Mean days from order to receipt.';
COMMENT ON COLUMN stockflow.forecasts.lead_time_sd IS 'Standard deviation of these days; 0 where it is not measured.';
COMMENT ON COLUMN stockflow.forecasts.lead_time_source IS 'measured (three receipts or more), stated (product_suppliers), policy or assumed (7 days).';
COMMENT ON COLUMN stockflow.forecasts.review_days IS 'Days between two looks at the stock, which add to the lead time.';
COMMENT ON COLUMN stockflow.forecasts.daily_mean IS 'Expected demand of a day, in units: the mean of daily_means.';
COMMENT ON COLUMN stockflow.forecasts.demand_mean IS 'Mean of the demand in lead time and review, in units.';
COMMENT ON COLUMN stockflow.forecasts.demand_variance IS 'Variance of the same, with that of the lead time in it.';
COMMENT ON COLUMN stockflow.forecasts.levels IS 'Levels of all quantiles here, rising.';
COMMENT ON COLUMN stockflow.forecasts.quantiles IS 'Demand in lead time and review that is not passed with each of levels; level_quantile reads between them.';
COMMENT ON COLUMN stockflow.forecasts.daily_means IS 'Expected demand of the 28 days after as_of, in units.';
COMMENT ON COLUMN stockflow.forecasts.steps IS 'Numbers of days after as_of for which step_quantiles holds the demand.';
COMMENT ON COLUMN stockflow.forecasts.step_quantiles IS 'Demand of the first steps[1] days at each of levels, then that of the first steps[2] days, and so on.';
COMMENT ON COLUMN stockflow.forecasts.inventory_version IS 'inventory.version that it has seen; a later one makes it due again.';
COMMENT ON COLUMN stockflow.forecasts.computed_at IS 'When it was computed.';

CREATE TABLE stockflow.forecast_refreshes (
    company_id bigint NOT NULL,
    applied_at timestamptz NOT NULL,
    CONSTRAINT forecast_refreshes_pkey PRIMARY KEY (company_id),
    CONSTRAINT forecast_refreshes_company_fkey FOREIGN KEY (company_id) REFERENCES stockflow.companies
);
COMMENT ON TABLE stockflow.forecast_refreshes IS 'When dynamic reorder points of a company were last brought up to date; its row lets one session at a time do that.';
COMMENT ON COLUMN stockflow.forecast_refreshes.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.forecast_refreshes.applied_at IS 'Start of the transaction that did it last.';

-- The server shows a role the calls of its own and, with pg_read_all_stats, those of others; row
-- level security of companies leaves those of the tenant.
CREATE VIEW stockflow.progress WITH (security_invoker = true) AS
    SELECT s.pid, c.company_id, c.name AS company_name,
           (ARRAY['refresh_forecasts', 'forecast_accuracy', 'policy_backtest'])[s.param12] AS command,
           s.param3 AS pairs_done, s.param13 AS pairs_total, a.xact_start AS started_at
      FROM pg_catalog.pg_stat_get_progress_info('COPY') AS s
      JOIN stockflow.companies c ON c.company_id = s.param11
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = s.pid
     WHERE s.relid = 'stockflow.forecasts'::regclass AND s.param12 >= 1 AND s.param12 <= 3
       AND s.datid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database());
COMMENT ON VIEW stockflow.progress IS 'Long calls under way: how many pairs of product and warehouse they have done. Of refresh_all_forecasts, the batch under way.';
COMMENT ON COLUMN stockflow.progress.pid IS 'Process of the session, for pg_cancel_backend.';
COMMENT ON COLUMN stockflow.progress.company_id IS 'The company.';
COMMENT ON COLUMN stockflow.progress.company_name IS 'Its name.';
COMMENT ON COLUMN stockflow.progress.command IS 'refresh_forecasts, forecast_accuracy or policy_backtest.';
COMMENT ON COLUMN stockflow.progress.pairs_done IS 'Pairs done so far.';
COMMENT ON COLUMN stockflow.progress.pairs_total IS 'Pairs in all.';
COMMENT ON COLUMN stockflow.progress.started_at IS 'Start of the transaction; NULL where the session may not see it.';

ALTER TABLE stockflow.replenishment_policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.forecasts ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.forecast_refreshes ENABLE ROW LEVEL SECURITY;
