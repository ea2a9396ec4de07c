# Calls of every function of the schema, made from the catalog: arguments get values by name and type. They name
# nothing that a search_path could turn into something else.
package Calls;

use strict;
use warnings;
use Exporter 'import';
use JSON::PP;
use POSIX ();
use Tenants;

our @EXPORT = qw(public_functions call untyped last_shape);

# All functions and procedures, but not those of triggers.
sub public_functions
{
	my ($owner) = @_;
	my @functions = @{ $owner->selectall_arrayref(<<'SQL', { Slice => {} }) };
SELECT p.proname AS name, p.prokind AS kind, p.provolatile AS volatility, p.pronargs - p.pronargdefaults AS required,
       array_to_json(coalesce(p.proargnames[:p.pronargs], '{}')) AS arguments,
       array_to_json(ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a(t, n) ORDER BY n)) AS types
  FROM pg_proc p
 WHERE p.pronamespace = 'stockflow'::regnamespace AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
 ORDER BY p.proname
SQL
	for my $function (@functions)
	{
		$function->{$_} = decode_json($function->{$_}) for qw(arguments types);
	}
	return @functions;
}

sub day { my ($back) = @_; return "'" . POSIX::strftime('%Y-%m-%d', gmtime(time - 86400 * $back)) . "'"; }

# Arguments by name and type. Ids by their names; what is not known here gets a value by its type.
my $now = 'pg_catalog.now()';
my %numbers = (company_id => 1, alert_id => 101, order_id => 102, transfer_id => 102, to_warehouse_id => 102,
	bundle_id => 103, line_id => -1, id => 101, line => -1);
my %texts = (access => "'report'", role => "'outsider'", state => "'acknowledged'", method => "'%s'", bucket => "'week'",
	measure => "'value'", event => "'opened'", operation => "'record_sale'", outcome => "'received'", new_state => "'cancelled'",
	timezone => "'UTC'", at => "'infinity'", until => "'tomorrow'", expires_at => "'tomorrow'", before => $now,
	lease => "'1 minute'", quantity => '1', counted_quantity => '3', part => '1', parts => '1', age => '1', drop_data => 'true',
	ordered_at => $now, from_day => day(30), to_day => day(0), max_events => '10', origins => '2',
	moment => $now, horizon => '3', season_length => '1', method => "'moving_average'", place => 'true', days => '30',
	lead_days => '3', split_after => '0', service_level => '0.9', reason => "'broken'", day => day(3), wait_days => '3',
	test_days => '3', refit_days => '3', horizon_days => '3', history_days => '30', a_share => '0.8', b_share => '0.95',
	states => "'{draft,ordered,shipped}'", choices => "'{a}'", given => "'a'", reasons => "NULL", recent_days => 'NULL',
	required => "'{product_id}'", optional => "'{quantity,warehouse_id}'", order_quantity => '10', levels => "'{0.5,0.9}'",
	measure => "'value'", field => "'product_id'", counted_at => $now, most => '100', computed_before => $now,
	occurred_at => $now);
my %types = (boolean => 'false', integer => '5', numeric => '1', text => "'zq%d'", jsonb => "'{}'", date => day(0),
	'timestamp with time zone' => $now, interval => "'1 minute'", 'double precision' => '1', bigint => undef,
	'bigint[]' => undef, 'double precision[]' => "'{1,2,3,4}'", 'integer[]' => "'{1,2}'", 'text[]' => "'{a}'", bytea => 'NULL',
	regrole => "'outsider'");
my @shapes = ('{"product_id": %d101, "warehouse_id": %d101, "quantity": 1}', '{"product_id": %d102, "quantity": 1}',
	'{"line_id": 1, "quantity": 1}', '{"product_id": %d102, "counted_quantity": 1}', '{"product_id": %d101}',
	'{"product_id": %d101, "warehouse_id": %d101, "delta": 1, "reason": "receipt"}',
	'{"alert_id": %d101}', '{"product_id": %d101, "warehouse_id": %d101, "version": 1, "hash": "ab"}');
my @payloads = ('{"sku": "bolt-zq%d", "name": "x", "price": 1, "warehouse_id": %d0000101, "supplier_id": %d0000101, "category_id": %d0000101, "initial_quantity": 1}',
	'{"sku": "new", "name": "x", "price": 1, "idempotency_key": "zq%d"}', '{"sku": "new", "name": "x", "price": 1}');

# Where a name means something else, or needs another state of things.
my %special = ('require_data_version.version' => "'1.0'", 'change_alert.state' => "'snoozed'", 'reservation_status.state' => "'open'", 'level_quantile.quantiles' => "'{1,2}'",
	'project_stock.supply_units' => "'{1,2}'", 'report_number.given' => '1', 'report_number.lowest' => '0',
	'check_given.arguments' => q('{"a": 1}'), 'report_number.highest' => '2',
	'level_quantile.level' => '0.7', 'lock_purchase_order.states' => "'{partly_received}'", 'project_stock.step_quantiles' => "'{1,2,3,4}'",
	'project_stock.levels' => "'{0.5,0.9}'", 'keep_lot.expires_on' => "'2040-01-01'", 'settle_transfer.outcome' => "'received'");
my %special_numbers = ('place_purchase_order.order_id' => 101, 'ship_transfer.transfer_id' => 101,
	(map { ("$_.product_id" => 104, "$_.warehouse_id" => 103) } qw(keep_lot receive_lot pick_lots lot_history)));

my %untyped;
sub untyped { return sort keys %untyped; }
sub last_shape { return $#shapes; }

sub value
{
	my ($function, $name, $type, $k, $shape) = @_;
	if ($type eq 'bigint' || $type eq 'bigint[]')
	{
		my $number = $special_numbers{"$function.$name"} // $numbers{$name} // 101;
		my $id = $number < 0 ? 1 : id_of($k, $number);
		return $type eq 'bigint' ? $id : "'{$id," . id_of($k, 102) . "}'";
	}
	return $special{"$function.$name"} if exists $special{"$function.$name"};
	if ($type eq 'jsonb')
	{
		my $json = $name eq 'payload' ? $payloads[ $shape % @payloads ] : "[$shapes[ $shape % @shapes ]]";
		$json =~ s/%d(?=\d{3}\b)/${k}0000/g;
		$json =~ s/%d/$k/g;
		return "'$json'";
	}
	$untyped{$type} = 1 unless exists $types{$type};
	my $value = $texts{$name} // $types{$type} // 'NULL';
	$value = "'L-zq%d'" if $name eq 'lot';
	$value = $k == 1 ? "'new'" : "'bolt-zq%d'" if $name eq 'sku';
	$value = "'fresh'" if $name eq 'idempotency_key' && $k == 1;
	$value =~ s/%d/$k/g;
	return $value;
}

# A call with the company of one, and ids and texts of the other; all arguments, or the required ones alone.
sub call
{
	my ($function, $company, $ids, $all, $shape) = @_;
	my @names = @{ $function->{arguments} };
	my $last = $all ? $#names : $function->{required} - 1;
	my $arguments = join ', ', map {
		my $name = $names[$_];
		my $value = value($function->{name}, $name, $function->{types}[$_], $name eq 'company_id' ? $company : $ids, $shape);
		"\"$name\" => $value"
	} 0 .. $last;
	return "CALL stockflow.$function->{name}($arguments)" if $function->{kind} eq 'p';
	return "SELECT t FROM stockflow.$function->{name}($arguments) AS t";
}


1;
