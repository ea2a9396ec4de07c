# Point-in-time recovery: a base backup and the archive bring back the state of a name or of a moment, here
# before data was destroyed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use Test::More;
use Restore;
use StockFlow;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(has_archiving => 1, allows_streaming => 1);
$primary->append_conf('postgresql.conf', "timezone = 'UTC'\nwal_level = logical\n");
$primary->start;
create_roles($primary);
# The backup is taken while there are a company and stock, the rest is in the archive.
$primary->safe_psql('postgres', 'CREATE DATABASE early');
sample_data($primary, 'early');
$primary->backup('base');
create_source($primary, 'source');

# The state at a name, then at a moment, and then the accident.
my %states = (name => describe($primary, 'source'));
$primary->safe_psql('source', "SELECT pg_create_restore_point('before the sale')");
$primary->safe_psql('source', "SELECT stockflow.record_sale(1, 1, 1, 1), stockflow.create_product(1, 'late', 'Late', 1)");
$states{time} = describe($primary, 'source');
my $moment = $primary->safe_psql('source', 'SELECT pg_sleep(0.1); SELECT clock_timestamp(); SELECT pg_sleep(0.1)');
($moment) = $moment =~ /(\d.*\d)/;
$primary->safe_psql('source', 'DROP VIEW stockflow.problems; DROP MATERIALIZED VIEW public.balances;'
	. ' DROP VIEW public.stock; DROP TABLE stockflow.photos; SELECT stockflow.uninstall(drop_data => true)');
my $last = $primary->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_lsn()); SELECT pg_switch_wal()');
($last) = split /\n/, $last;
$primary->poll_query_until('postgres', "SELECT last_archived_wal >= '$last' FROM pg_stat_archiver") or die 'not archived';

# The log holds values of sequences in advance, up to 32: ids may be left out, none is given twice.
sub check_sequences
{
	my ($node, $name, $source) = @_;
	my %values = map { /^sequence (\S+): (\d+)/ } @{ $source->{state} };
	my %found = map { /^sequence (\S+): (\d+)/ } state_of($node, 'source');
	is_deeply([ sort keys %found ], [ sort keys %values ], "$name: all sequences");
	is_deeply([ grep { $found{$_} < $values{$_} || $found{$_} > $values{$_} + 32 } sort keys %values ], [],
		"$name: none is behind");
	return;
}

for my $target ([ name => 'before the sale' ], [ time => $moment ])
{
	my ($kind, $value) = @$target;
	my $node = PostgreSQL::Test::Cluster->new("by_$kind");
	$node->init_from_backup($primary, 'base', has_restoring => 1, standby => 0);
	$node->append_conf('postgresql.conf', "recovery_target_$kind = '$value'\nrecovery_target_action = 'promote'\narchive_mode = off\n");
	$node->start;
	$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'still in recovery';
	my $name = "recovered to a $kind";
	check_same($node, 'source', $name, $states{$kind}, sub { !/^sequence / });
	check_sequences($node, $name, $states{$kind});
	is($node->safe_psql('source', 'SELECT * FROM stockflow.verify_ledger()'), '', "$name: the ledger is sound");
	my ($before) = $node->safe_psql('source', 'SELECT max(product_id) FROM stockflow.products');
	cmp_ok($node->safe_psql('source', "SELECT stockflow.create_product(2, 'new', 'New', 1)"), '>', $before,
		"$name: the next product");
	is($node->safe_psql('source', 'SELECT stockflow.record_sale(1, 2, 2, 1)', extra_params => [ '-U', 'app' ]), 28,
		"$name: the next sale");
	is($node->safe_psql('source', 'SELECT * FROM stockflow.verify_ledger()'), '', "$name: and is sound afterwards");
	$node->stop;
}

done_testing();
