# pg_upgrade of a cluster to itself: everything is as before. RESTORE=long: also with links.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Restore;
use StockFlow;

my $old = new_server('old', 'wal_level = logical');
create_roles($old);
create_source($old, 'source');
# Rights on settings are the cluster's, not the database's.
$old->safe_psql('source', "CREATE ROLE office LOGIN; SELECT stockflow.grant_access('office', 'admin')");
my $source = describe($old, 'source');
my ($bin) = $old->config_data('--bindir');
$old->stop;

for my $way ('copy', ($ENV{RESTORE} // '') eq 'long' ? 'link' : ())
{
	my $new = PostgreSQL::Test::Cluster->new("new_$way");
	$new->init;
	# pg_upgrade leaves files where it runs.
	my $directory = PostgreSQL::Test::Utils::tempdir();
	chdir $directory or die;
	command_ok(
		[ 'pg_upgrade', '--no-sync', ($way eq 'link' ? '--link' : ()), '-b', $bin, '-B', $bin,
			'-d', $old->data_dir, '-D', $new->data_dir, '-p', $old->port, '-P', $new->port, '-s', $new->host, '-U', scalar getpwuid($<) ],
		"$way: pg_upgrade");
	$new->append_conf('postgresql.conf', "timezone = 'UTC'\nwal_level = logical\n");
	$new->start;
	check_same($new, 'source', $way, $source);
	check_alive($new, 'source', $way);
	is($new->safe_psql('source', 'BEGIN; SELECT stockflow.set_company(2); SELECT company_id FROM stockflow.companies; COMMIT',
			extra_params => [ '-U', 'office' ]), "\n2", "$way: who could switch tenants still can");
	$new->stop;
}

done_testing();
