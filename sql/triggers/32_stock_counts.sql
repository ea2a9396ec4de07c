-- The policies of stock counts.
CREATE POLICY tenant ON stockflow.stock_counts
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.stock_count_lines
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
