# What only reads runs on a physical standby, and gives the same answers there.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use Test::More;
use StockFlow;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "timezone = 'UTC'\n");
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

sample_data($primary, 'postgres');
$primary->safe_psql('postgres', 'CREATE ROLE app LOGIN');
$primary->safe_psql('postgres', 'ALTER ROLE app SET stockflow.company_id = 1');
$primary->safe_psql('postgres', "SELECT stockflow.grant_access('app', 'app')");

my @queries = (
	'SELECT * FROM stockflow.low_stock_alerts(1)',
	'SELECT * FROM stockflow.low_stock_alerts(2, lookback_days => 100)',
	'SELECT * FROM stockflow.low_stock_alerts(1, include_bundles => true, recent_sales_only => false)',
	'SELECT stockflow.low_stock_alerts_json(1)',
	"SELECT * FROM stockflow.stock_as_of(1, 'infinity')",
	"SELECT * FROM stockflow.stock_as_of(1, now() - interval '1 day')",
	"SELECT * FROM stockflow.stock_valuation(1)",
	"SELECT * FROM stockflow.fifo_layers(1)",
	"SELECT * FROM stockflow.stock_turnover(1, current_date - 10, current_date)",
	"SELECT * FROM stockflow.abc_xyz(1, current_date - 10, current_date)",
	"SELECT * FROM stockflow.product_faults(1, '{\"sku\": \"BOLT\"}')",
	'SELECT warehouse_id, d.* FROM stockflow.inventory i, stockflow.recent_days(i.recent_days) d ORDER BY 1, 2');

# The same answer from both; app sees nothing of company 2.
sub compare
{
	my ($when, @arguments) = @_;
	$primary->wait_for_catchup($standby);
	for my $query (@queries)
	{
		my $expected = $primary->safe_psql('postgres', $query, @arguments);
		isnt($expected, '', "$when: there is an answer to $query") unless @arguments && $query =~ /\(2/;
		is($standby->safe_psql('postgres', $query, @arguments), $expected,
			"$when: the same on the standby");
	}
	is($standby->safe_psql('postgres', 'SELECT * FROM stockflow.verify_ledger()', @arguments), '',
		"$when: the ledger is sound there");
	return;
}

compare('at first');
compare('as app', extra_params => [ '-U', 'app' ]);
$primary->safe_psql('postgres', 'SELECT stockflow.record_sale(1, 2, 2, 27); SELECT stockflow.record_sale(2, 3, 5, 1)');
compare('after sales');

# Rows and catalog are the same, and no sequence is behind: the log holds its values in advance, up to 32.
my @here = state_of($primary, 'postgres');
$primary->wait_for_catchup($standby);
my @there = state_of($standby, 'postgres');
is_deeply([ grep { !/^sequence/ } @there ], [ grep { !/^sequence/ } @here ], 'all rows, and all that the catalogs say');
my %values = map { /^sequence (\S+): (\d+)/ } @here;
is_deeply([ grep { /^sequence (\S+): (\d+)/ && ($2 < $values{$1} || $2 > $values{$1} + 32) } @there ], [], 'no sequence is behind');
cmp_ok(scalar(keys %values), '>', 5, 'there are sequences');

# A broken ledger is noticed there, too.
$primary->safe_psql('postgres',
	'SET session_replication_role = replica;'
	  . ' UPDATE stockflow.inventory SET quantity = 4 WHERE product_id = 2 AND warehouse_id = 2');
$primary->wait_for_catchup($standby);
like($standby->safe_psql('postgres', 'SELECT * FROM stockflow.verify_ledger()'),
	qr/^1\|2\|2\|quantity is 4, the ledger adds up to 2$/, 'verify_ledger finds what is wrong');

# What writes says why it cannot.
like(error_of($standby, 'postgres', 'SELECT stockflow.record_sale(1, 1, 1, 1)'),
	qr/ERROR:  25006: /, 'a sale is refused as read-only');

# The standby takes over, with everything.
$standby->promote;
is($standby->safe_psql('postgres', 'SELECT stockflow.record_sale(1, 1, 1, 1)'), 3,
	'after a promotion it sells');
is($standby->safe_psql('postgres', 'SELECT stockflow.create_product(1, \'new\', \'New\', 1)') > 5,
	1, 'and has its sequences');

done_testing();
