# A session that really runs out of memory, by a limit on its process, gets errors (53200) from the
# server's allocator and from the core's, and goes on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Test::More;
use StockFlow;

plan skip_all => 'no prlimit' if system('prlimit --version >/dev/null 2>&1') != 0;

my $node = new_server('memory_limit');
sample_data($node, 'postgres');
my @calls = (
	"SELECT count(*) FROM big, stockflow.forecast(demand, 28, 'auto', 7)", "SELECT count(*) FROM big, stockflow.forecast_model(demand, 7, 'ses')",
	'SELECT (stockflow.classify_demand(demand)).class FROM big', 'SELECT length(stockflow.sparkline(demand)) FROM big',
	'SELECT stockflow.record_movements(1, movements) FROM big', 'SELECT count(*) FROM big, stockflow.alert_status(1, ids, ids)',
	'SELECT count(*) FROM stockflow.stock_valuation(1)', 'SELECT count(*) FROM stockflow.policy_backtest(1)',
	"SELECT length(stockflow.forecast_chart_svg(1, 1, 1, 730, 365))", 'SELECT stockflow.refresh_forecasts(1, 0)', 'SELECT stockflow.refresh_alerts(1)');
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE big AS SELECT (SELECT array_agg((n * 7919 % 13)::float8) FROM generate_series(1, 100000) AS n) AS demand,
    (SELECT array_agg(n) FROM generate_series(1, 100000) AS n) AS ids,
    (SELECT jsonb_agg('{"product_id": 2, "warehouse_id": 1, "delta": 1, "reason": "receipt"}'::jsonb) FROM generate_series(1, 20000)) AS movements;
SQL
# The limit lets the process grow by so many kilobytes.
my $script = "SELECT pg_backend_pid() AS pid \\gset\n\\setenv PID :pid\nSET jit = off;\nSET statement_timeout = '1s';\n"
  . "SELECT stockflow.forecast('{1,2,3}', 1), stockflow.sparkline('{1}'), stockflow.refresh_alerts(1);\n";    # loads the library
for my $more (0, 200, 500, 1000, 2000, 4000, 8000, 16000)
{
	$script .= "\\! prlimit --pid \$PID --as=\$(( (\$(cut -d' ' -f1 /proc/\$PID/statm) * 4 + $more) * 1024 )):unlimited\n";
	$script .= "BEGIN;\n$_;\nROLLBACK;\n" for @calls;
	$script .= "\\! prlimit --pid \$PID --as=unlimited:unlimited\n";
}
$script .= "SELECT 'works', stockflow.record_sale(1, 1, 2, 1) IS NOT NULL;\n";
my ($stdout, $stderr);
$node->psql('postgres', $script, on_error_stop => 0, stdout => \$stdout, stderr => \$stderr,
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
my %states;
my $of_core = 0;
for my $line (split /\n/, $stderr)
{
	$states{$1}++ if $line =~ /(?:ERROR|FATAL|PANIC):  (\w{5}):/;
	diag($line) if $line =~ /ERROR:  (?!53200|57014)/;
	$of_core++ if $line =~ /^LOCATION:  report,/;
}
note(join ', ', map { "$_ $states{$_}" } sort keys %states);
cmp_ok($states{53200} // 0, '>', 5, 'memory ran out');
cmp_ok($of_core, '>', 0, "in the core $of_core times");
delete @states{qw(53200 57014)};
is_deeply(\%states, {}, 'no other error');
like($stdout, qr/^works\|t$/m, 'the session goes on');
is($node->safe_psql('postgres', 'SELECT * FROM stockflow.verify_ledger()'), '', 'the ledger is sound');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/terminated by signal|PANIC|terminate called/, 'no process died');
$node->stop;
done_testing();
