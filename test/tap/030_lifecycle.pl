# What happens to the data when the extension, its schema or its owner is dropped, and comes back.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Test::More;
use StockFlow;

my $node = new_server('lifecycle');

sub sql
{
	return $node->safe_psql('postgres', @_);
}


my $sale = 'SELECT stockflow.record_sale(1, 1, 2, 1)';
my $chain = 'SELECT version, delta, quantity_after, reason FROM stockflow.inventory_log'
  . ' WHERE product_id = 2 AND warehouse_id = 1 ORDER BY version DESC LIMIT 1';

sample_data($node, 'postgres');
sql(<<'SQL');
CREATE ROLE app LOGIN;
ALTER ROLE app SET stockflow.company_id = 1;
SELECT stockflow.grant_access('app', 'app');
CREATE ROLE reader LOGIN;
GRANT USAGE ON SCHEMA stockflow TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA stockflow TO reader;
SQL

my @before = state_of($node, 'postgres');
my @tables = grep { /^rows / } @before;
is(scalar @tables, scalar @TABLES, 'the state of all tables is known');

# A plain DROP EXTENSION stops at the triggers and policies.
like(error_of($node, 'postgres', 'DROP EXTENSION stockflow'), qr/ERROR:  2BP01: /,
	'DROP EXTENSION is refused');

# The schema cannot be dropped, in whatever company.
for my $sql ('DROP SCHEMA stockflow', 'DROP SCHEMA stockflow CASCADE',
	'DROP SCHEMA IF EXISTS nothing, stockflow CASCADE')
{
	my $error = error_of($node, 'postgres', $sql);
	like($error, qr/ERROR:  55000: this would destroy the data of StockFlow/, "$sql is refused");
	like($error, qr/HINT: .*stockflow\.uninstall\(drop_data => true\)/, "$sql: the hint");
}
sql('CREATE SCHEMA another; CREATE TABLE another.t (); DROP SCHEMA another CASCADE');
pass('other schemas can be dropped');

# DROP OWNED: not the owner's data, also when the owner is not the one who asks.
sql('CREATE ROLE keeper; CREATE ROLE bystander; CREATE TABLE public.toy ()');
sql("ALTER TABLE public.toy OWNER TO bystander; SELECT stockflow.grant_access('bystander', 'app')");
sql('ALTER TABLE stockflow.inventory_log OWNER TO keeper');
for my $roles ('keeper', 'bystander, keeper')
{
	like(error_of($node, 'postgres', "DROP OWNED BY $roles CASCADE"), qr/ERROR:  55000: /,
		"DROP OWNED BY $roles is refused");
}
sql('ALTER TABLE stockflow.inventory_log OWNER TO CURRENT_USER');
sql('DROP OWNED BY bystander; DROP ROLE bystander; DROP OWNED BY keeper; DROP ROLE keeper');
pass('DROP OWNED BY roles that own no data');

# A restart changes nothing.
$node->restart;
is_deeply([ state_of($node, 'postgres') ], \@before,
	'after all this, and a restart, everything is as before');

# DROP EXTENSION CASCADE keeps every row, and keeps them closed.
sql('DROP EXTENSION stockflow CASCADE');
is_deeply([ map { sql(rows_of($_)) } sort @TABLES ], [ sort @tables ],
	'DROP EXTENSION CASCADE keeps every row');
for my $role ('app', 'reader')
{
	my @seen = map { sql("SELECT count(*) FROM stockflow.$_", extra_params => [ '-U', $role ]) }
	  grep { $role eq 'reader' || $_ ne 'idempotency_keys' } @TABLES;
	is("@seen", join(' ', map { 0 } @seen), "without the extension $role sees no row");
}
sql('DROP SCHEMA IF EXISTS nothing');
pass('no guard is left behind');

# CREATE EXTENSION takes the data up again, with triggers, policies and guards.
sql('CREATE EXTENSION stockflow');
my @adopted = grep { !/^grant on .*\(/ } state_of($node, 'postgres');
is_deeply(\@adopted,
	[ grep { !/^grant on .*\(/ } @before ], 'CREATE EXTENSION adopts the data as it was');
is(sql("$chain"), '7|-1|66|sale', 'the chain before the next sale');
sql("$sale; UPDATE stockflow.inventory SET quantity = 60 WHERE product_id = 2 AND warehouse_id = 1");
is(sql("$chain"), '9|-5|60|adjustment', 'versions go on, each movement once');
is(sql('SELECT * FROM stockflow.verify_ledger()'), '', 'the ledger is sound');
like(error_of($node, 'postgres', 'DROP SCHEMA stockflow CASCADE'), qr/ERROR:  55000: /,
	'the guard is back');
like(error_of($node, 'postgres', $sale, '-U', 'app'),
	qr/ERROR:  42501: permission denied for function/, 'rights on functions went with them');
sql("SELECT stockflow.grant_access('app', 'app')");
is(sql($sale, extra_params => [ '-U', 'app' ]), 59, 'grant_access gives them anew');
is(sql('SELECT company_id FROM stockflow.companies', extra_params => [ '-U', 'app' ]), 1,
	'app sees its company again');

# uninstall() alone is DROP EXTENSION CASCADE.
@before = state_of($node, 'postgres');
sql('SELECT stockflow.uninstall()');
is(sql("SELECT count(*) FROM pg_extension WHERE extname = 'stockflow'"), 0,
	'uninstall() removes the extension');
is(sql("SELECT count(*) FROM pg_trigger t WHERE NOT tgisinternal"), 0, 'and the triggers');
sql("CREATE EXTENSION stockflow; SELECT stockflow.grant_access('app', 'app')");
is_deeply([ state_of($node, 'postgres') ], \@before, 'uninstall() keeps the data');

# Data of an owner who is no superuser is adopted with a warning, and stays his.
sql('CREATE ROLE shopkeeper LOGIN; ' . handed_to('shopkeeper'));
@before = state_of($node, 'postgres');
sql('SELECT stockflow.uninstall()');
my $warning;
$node->psql('postgres', 'CREATE EXTENSION stockflow', stderr => \$warning);
like($warning, qr/WARNING:  adopting data that belongs to role "shopkeeper"/, 'data of somebody else is adopted with a warning');
sql("SELECT stockflow.grant_access('app', 'app')");
is_deeply([ state_of($node, 'postgres') ], \@before, 'and stays his');
for my $sql ('DROP OWNED BY shopkeeper CASCADE', 'DROP ROLE shopkeeper')
{
	like(error_of($node, 'postgres', $sql), qr/ERROR:  (?:55000|2BP01): /, "$sql is refused");
}
sql('REASSIGN OWNED BY shopkeeper TO CURRENT_USER; DROP ROLE shopkeeper');
is(sql('SELECT * FROM stockflow.verify_ledger()'), '', 'the ledger is sound under its new owner');

# What a user has made of our tables, or put next to them, is not destroyed with them: all or nothing.
for my $sql ('CREATE VIEW public.mine AS SELECT * FROM stockflow.products', 'CREATE TABLE stockflow.mine ()')
{
	sql($sql);
	@before = state_of($node, 'postgres');
	like(error_of($node, 'postgres', 'SELECT stockflow.uninstall(drop_data => true)'), qr/ERROR:  2BP01: /,
		"uninstall(drop_data => true) does not pass over: $sql");
	is_deeply([ state_of($node, 'postgres') ], \@before, 'and leaves everything');
	sql($sql =~ /VIEW/ ? 'DROP VIEW public.mine' : 'DROP TABLE stockflow.mine');
}

# A marked schema that misses a table is not adopted.
sql('SELECT stockflow.uninstall(); ALTER TABLE stockflow.categories RENAME TO kinds');
like(error_of($node, 'postgres', 'CREATE EXTENSION stockflow'),
	qr/ERROR:  55000: schema "stockflow" does not hold the data that its mark promises/, 'a table is missing');
sql('ALTER TABLE stockflow.kinds RENAME TO categories');
# ... nor one of another version.
sql("COMMENT ON SCHEMA stockflow IS 'stockflow data 99.0'");
like(error_of($node, 'postgres', 'CREATE EXTENSION stockflow'),
	qr/ERROR:  55000: cannot use data marked "stockflow data 99.0"/, 'data of another version');
sql("COMMENT ON SCHEMA stockflow IS 'stockflow data 1.0'; CREATE EXTENSION stockflow");

# uninstall(drop_data => true) leaves nothing, and then it starts from nothing.
sql('SELECT stockflow.uninstall(drop_data => true)');
is(sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'stockflow'"), 0,
	'uninstall(drop_data => true) leaves nothing');
sql('CREATE EXTENSION stockflow');
is(sql("INSERT INTO stockflow.companies (name) VALUES ('New') RETURNING company_id"), 1,
	'a fresh start');

# A schema of somebody else is not touched, with tables of ours or not, with a comment or not.
sql('CREATE DATABASE foreign_schema');
$node->safe_psql('foreign_schema', 'CREATE SCHEMA stockflow');
for my $sql ('', 'CREATE TABLE stockflow.products ()', "COMMENT ON SCHEMA stockflow IS 'my stock'")
{
	my $error = error_of($node, 'foreign_schema', "$sql; CREATE EXTENSION stockflow");
	like($error, qr/ERROR:  42P06: schema "stockflow" already exists/,
		"a foreign schema is refused: $sql");
	like($error, qr/HINT: /, 'with a hint');
}
is($node->safe_psql('foreign_schema', "SELECT count(*) FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace"),
	1, 'and left alone');

done_testing();
