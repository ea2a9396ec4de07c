# Listeners hear of alerts when the transaction commits: once per refresh and company, whatever their
# number, with ids and counts and nothing else, in less than a notification may hold.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use Test::More;
use StockFlow;

my $node = new_server('notify');
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION stockflow;
INSERT INTO stockflow.companies (name, reorder_point) VALUES ('First', 10), ('Second', 10);
INSERT INTO stockflow.warehouses (company_id, name) VALUES (1, 'A'), (2, 'B');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price)
    SELECT CASE WHEN n <= 500 THEN 1 ELSE 2 END, n, 'secret' || n, 'Secret', 1 FROM generate_series(1, 501) AS n;
ALTER SEQUENCE stockflow.alert_outbox_event_id_seq RESTART 1000000000000000000;
SELECT stockflow.record_movements(c, (SELECT jsonb_agg(jsonb_build_object('product_id', product_id, 'warehouse_id', c,
           'delta', d, 'reason', CASE WHEN d < 0 THEN 'sale' ELSE 'receipt' END)))) FROM stockflow.products, unnest(ARRAY[9, -1]) AS d,
       LATERAL (SELECT company_id) AS o(c) GROUP BY c;
SQL

# notifications SQL: the payloads that a listener gets which runs it
sub notifications
{
	my ($sql) = @_;
	my $output = $node->safe_psql('postgres', "LISTEN stockflow_alerts;\n$sql\nSELECT 1;");
	return $output =~ /^Asynchronous notification "stockflow_alerts" with payload "(.*)" received/mg;
}

my @heard = notifications('SELECT stockflow.refresh_alerts();');
is(scalar(@heard), 2, 'one notification per company');
cmp_ok(length($_), '<', 4000, 'short enough') for @heard;
unlike("@heard", qr/secret/i, 'nothing of the products');
my ($first, $second) = sort { $a->{company_id} <=> $b->{company_id} } map { decode_json($_) } @heard;
is($first->{events}, 500, 'the number of events');
is($first->{opened}, 500, 'by kind');
is(scalar(@{ $first->{event_ids} }), 100, 'the first of their ids');
is_deeply($second,
	{ company_id => 2, events => 1, opened => 1, acknowledged => 0, snoozed => 0, woken => 0, resolved => 0,
		event_ids => [1000000000000000500] }, 'all of a short one');
is_deeply([ notifications('SELECT stockflow.refresh_alerts();') ], [], 'no news, no notification');
is_deeply([ notifications("BEGIN;\nSELECT stockflow.acknowledge_alert(1, 1);\nROLLBACK;") ], [], 'none when taken back');
is_deeply([ map { decode_json($_)->{acknowledged} } notifications('SELECT stockflow.acknowledge_alert(1, 1);') ],
	[1], 'acknowledged by hand');

# Events outlive a crash.
my $events = 'SELECT count(*), sum(attempts) FROM stockflow.alert_outbox WHERE delivered_at IS NULL';
$node->safe_psql('postgres', 'SELECT count(*) FROM stockflow.take_alert_events(1, 10)');
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', $events), '502|10', 'events and leases survive a crash');

done_testing();
