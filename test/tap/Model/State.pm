# What must be in the database, in plain Perl: quantities, ledger, lots, documents, counts, reorder points. It knows the
# rules of doc/reference.md and nothing of StockFlow's code. What is not allowed dies with the SQLSTATE.
#
# A key is "product/warehouse". Products 1 to 6 are plain, 7 is moved by a user's trigger, 8 keeps lots, 9 and 10 are bundles.
package Model::State;

use strict;
use warnings;
use List::Util qw(max min sum0);
use POSIX qw(floor);
use Exporter 'import';

our @EXPORT_OK = qw(new_state key_order post change remove_row set_counted row_of held active on_order in_transit spoiled
  reservation_state prune alerts_of refresh gone lots is_bundle parts_of free buildable);
use constant WAREHOUSES => 2;
my @lots = qw(X A B C);    # in the order of expiry; X has expired long ago
my %bundles = (9 => { 1 => 1, 2 => 2 }, 10 => { 1 => 1, 2 => 3 });    # 10 is a 9 and one more of product 2

sub key_order { my ($x, $y) = map { [ split m{/} ] } @_; return $x->[0] <=> $y->[0] || $x->[1] <=> $y->[1] }

sub new_state
{
	my ($today) = @_;
	my %rows;
	for my $p (1 .. 10) { $rows{"$p/$_"} = { q => 0, n => 0, row => 0, days => {}, sold => 0, lots => {} } for 1 .. WAREHOUSES }
	delete $rows{'7/2'};
	@{ $rows{'7/1'} }{qw(q n row)} = (1000, 1, 1);
	$rows{'7/1'}{days}{$today} = [ 0, 0, 1000 ];
	return {
		today => $today, moment => 0, follows => 1, negative => 0, rows => \%rows, calls => [],
		reservations => {}, orders => {}, transfers => {}, counts => {}, episodes => {}, deleted => {}, closed => {}, dynamic => {},
		company_point => undef, category_point => undef, product_points => {} };
}

sub row_of { my ($m, $k) = @_; return $m->{rows}{$k} }

sub lots { return @lots }

sub is_bundle { my ($k) = @_; my ($p) = split m{/}, $k; return exists $bundles{$p} }

# What leaves stock for one unit: a product itself, or the components of a bundle, with how many of each.
sub parts_of
{
	my ($k) = @_;
	my ($p, $w) = split m{/}, $k;
	return $bundles{$p} ? { map { ("$_/$w" => $bundles{$p}{$_}) } keys %{ $bundles{$p} } } : { $k => 1 };
}

# What follows from the documents.
sub reserved_by { my ($k, @r) = @_; return sum0(map { $_->{open} * (parts_of($_->{k})->{$k} // 0) } map { @{ $_->{lines} } } @r) }
sub held { my ($m, $k) = @_; return reserved_by($k, values %{ $m->{reservations} }) }
sub active { my ($m, $k) = @_; return reserved_by($k, grep { !$_->{expired} } values %{ $m->{reservations} }) }
# Whether its product is deleted or its warehouse closed.
sub gone { my ($m, $k) = @_; my ($p, $w) = split m{/}, $k; return $m->{deleted}{$p} || $m->{closed}{$w} }
sub free { my ($m, $k) = @_; return $m->{rows}{$k}{q} - active($m, $k) - spoiled($m, $k) }

# What bundles can use of a product: nothing of one that is deleted.
sub usable
{
	my ($m, $k) = @_;
	my ($p) = split m{/}, $k;
	return $m->{deleted}{$p} ? min(0, free($m, $k)) : free($m, $k);
}

sub buildable
{
	my ($m, $k) = @_;
	my $parts = parts_of($k);
	return min(map { floor(usable($m, $_) / $parts->{$_}) } keys %$parts);
}

sub on_order
{
	my ($m, $k) = @_;
	return sum0(map { max(0, $_->{q} - $_->{received}) } grep { $_->{k} eq $k } map { @{ $_->{lines} } }
		  grep { $_->{state} =~ /ordered|partly/ } values %{ $m->{orders} });
}

sub in_transit
{
	my ($m, $k) = @_;
	return sum0(map { $_->{open} } grep { $_->{k} eq $k } map { @{ $_->{lines} } } values %{ $m->{transfers} });
}
sub spoiled { my ($m, $k) = @_; return $m->{rows}{$k}{lots}{X} // 0 }

# A row that something else counts on cannot be deleted.
sub unused { my ($m, $k) = @_; die "23514\n" if held($m, $k) || on_order($m, $k) || in_transit($m, $k); return }

sub reservation_state
{
	my ($r) = @_;
	my $open = grep { $_->{open} > 0 } @{ $r->{lines} };
	return 'expired' if grep({ $_->{expired} > 0 } @{ $r->{lines} }) || ($open && $r->{expired});
	return $open ? 'active' : grep({ $_->{committed} > 0 } @{ $r->{lines} }) ? 'committed' : 'released';
}

# Takes units from the lots of a row, or from the one that is named; returns what each gave.
sub shelf
{
	my ($row, $units, $usable, $named) = @_;
	my %taken;
	die "23514\n" if $named && ($row->{lots}{$named} // 0) < $units;
	for my $lot ($named // @lots)
	{
		next if !$row->{lots}{$lot} || ($usable && $lot eq 'X');
		my $part = min($units, $row->{lots}{$lot});
		$taken{$lot} = $part if $part;
		$row->{lots}{$lot} -= $part;
		$units -= $part;
	}
	return \%taken;
}

# Puts units into a lot; what came in below zero has gone already.
sub stow
{
	my ($row, $lot, $units) = @_;
	my $room = max(0, max($row->{q}, 0) - sum0(values %{ $row->{lots} }));
	$row->{lots}{$lot} += min($units, $room);
	return;
}

# One entry of the ledger. $e: k, delta, reason, and perhaps day and moment, when they are not those of now, lot, and the
# units of a bundle. What the lots gave is put into it.
sub entry
{
	my ($m, $e) = @_;
	my $row = $m->{rows}{ $e->{k} };
	my ($delta, $reason) = @$e{qw(delta reason)};
	my $moment = $e->{moment} // $m->{moment};
	my $day = $row->{days}{ $e->{day} // $m->{today} } //= [ 0, 0, 0 ];
	my $units = $e->{bundles} // $delta;
	if ($reason =~ /^(sale|consumption)$/) { $day->[0] -= $units; $row->{sold} = 1 }
	elsif ($reason eq 'return') { $day->[1] += $units }
	else { $day->[2] += $units }
	my $usable = $reason =~ /^(sale|consumption|transfer_out)$/ ? 1 : 0;
	$e->{gave} = $delta < 0 ? shelf($row, -$delta, $usable, $e->{lot}) : {};
	$row->{q} += $delta;
	$row->{n}++;
	stow($row, $e->{lot}, $delta) if $e->{lot} && $delta > 0;
	for my $count (values %{ $m->{counts} })
	{
		my $line = $count->{lines}{ $e->{k} } // next;
		$line->{since} += $delta if defined $line->{counted} && $moment > $line->{moment};
	}
	return;
}

# The entries of a movement: of a bundle, one for each component and one of its own.
sub exploded
{
	my ($e) = @_;
	my $parts = parts_of($e->{k});
	return $e if $parts->{ $e->{k} };
	return (map({ { %$e, k => $_, delta => $e->{delta} * $parts->{$_} } } sort keys %$parts), { %$e, delta => 0, bundles => $e->{delta} });
}

# A call of a function: all entries or none; what it wants must be available, key by key.
sub post
{
	my ($m, @entries) = @_;
	my (%total, %needs, $source);
	@entries = map { exploded($_) } @entries;
	for my $e (@entries)
	{
		my (undef, $w) = split m{/}, $e->{k};
		die "23503\n" if ($e->{reason} =~ /^(sale|receipt)$/ && gone($m, $e->{k})) || ($e->{reason} eq 'transfer_in' && $m->{closed}{$w});
	}
	for my $e (@entries)
	{
		$total{ $e->{k} } += $e->{delta};
		$needs{ $e->{k} } ||= $e->{delta} < 0 && $e->{reason} =~ /^(sale|consumption|transfer_out)$/ && !$e->{was_reserved};
	}
	for my $k (keys %total)
	{
		my $left = $m->{rows}{$k}{q} + $total{$k};
		$m->{rows}{$k}{row} = 1;
		next if $total{$k} >= 0;
		die "23514\n" if !$m->{negative} && ($left < 0 || ($needs{$k} && $left < active($m, $k) + spoiled($m, $k)));
	}
	for my $e (@entries)
	{
		entry($m, $e);
		$source = $e if $e->{reason} eq 'transfer_out';
		if ($e->{brings}) { stow($m->{rows}{ $e->{k} }, $_, $source->{gave}{$_}) for grep { $source->{gave}{$_} } @lots }
	}
	for my $k (keys %total)
	{
		my $row = $m->{rows}{$k};
		die "23514\n" if sum0(values %{ $row->{lots} }) > max(0, $row->{q});    # only expired stock was left
		follow($m, $k, $total{$k});
	}
	return;
}

# The user's trigger, while it is there: each row of product 6 that grows takes product 7 along.
sub follow
{
	my ($m, $k, $by) = @_;
	entry($m, { k => '7/1', delta => 1, reason => 'adjustment' }) if $m->{follows} && $k =~ m{^6/} && $by > 0;
	return;
}

# A plain statement changes a row.
sub change
{
	my ($m, $k, $by, $is_insert) = @_;
	my $row = $m->{rows}{$k};
	die "23514\n" if $by < 0 && $row->{q} + $by < 0 && !$m->{negative};
	$row->{row} = 1;
	return if $by == 0;
	entry($m, { k => $k, delta => $by, reason => 'adjustment' });
	follow($m, $k, $by) unless $is_insert;
	return;
}

sub remove_row
{
	my ($m, $k) = @_;
	my $row = $m->{rows}{$k};
	return unless $row->{row};
	unused($m, $k);
	entry($m, { k => $k, delta => -$row->{q}, reason => 'adjustment' }) if $row->{q};
	@$row{qw(row point counted)} = (0, undef, undef);
	return;
}

# A count of what was there at a moment; returns the difference.
sub set_counted
{
	my ($m, $k, $counted, $moment, $since) = @_;
	my $row = $m->{rows}{$k};
	$row->{row} = 1;
	return 0 if defined $row->{counted} && $row->{counted} > $moment;
	$row->{counted} = $moment;
	my $delta = $counted - ($row->{q} - $since);
	post($m, { k => $k, delta => $delta, reason => 'count', moment => $moment }) if $delta;
	return $delta;
}

# Forgets documents that have ended, so that the model stays small.
sub prune
{
	my ($m) = @_;
	my %ended = (
		reservations => sub { reservation_state($_[0]) ne 'active' && !grep { $_->{open} } @{ $_[0]{lines} } },
		orders => sub { $_[0]{state} =~ /^(received|cancelled)$/ },
		transfers => sub { $_[0]{state} =~ /^(received|closed|cancelled)$/ },
		counts => sub { $_[0]{state} ne 'open' });
	for my $kind (keys %ended)
	{
		my @old = grep { $ended{$kind}->($m->{$kind}{$_}) } sort { $a <=> $b } keys %{ $m->{$kind} };
		delete $m->{$kind}{ shift @old } while @old > 3;
	}
	shift @{ $m->{calls} } while @{ $m->{calls} } > 6;
	return;
}

# Demand, and days in stock, of the window.
sub window
{
	my ($row, $from, $today) = @_;
	my ($closing, $demand, $in_stock) = ($row->{q}, 0, 0);
	for (my $day = $today; $day >= $from; $day--)
	{
		my ($out, $back, $other) = @{ $row->{days}{$day} // [ 0, 0, 0 ] };
		my $opening = $closing - ($other - $out + $back);
		$demand += $out - $back;
		$in_stock++ if $opening > 0 || $closing > 0 || $out > 0;
		$closing = $opening;
	}
	return ($demand, $in_stock);
}

sub point_of
{
	my ($m, $k) = @_;
	my ($p) = split m{/}, $k;
	return $m->{dynamic}{$k} // $m->{rows}{$k}{point} // $m->{product_points}{$p} // ($p =~ /^[34]$/ ? $m->{category_point} : undef) // $m->{company_point};
}

# Alerts open where it is low, and close where it has recovered by a tenth more than the reorder point, or is silent; how
# many did either.
sub refresh
{
	my ($m) = @_;
	my %low = map { ("$_->[0]/$_->[1]" => 1) } @{ alerts_of($m, { lookback => 30, stockouts => 1, recent_only => 1 }) };
	my $events = 0;
	for my $k (keys %{ $m->{rows} })
	{
		my $point = point_of($m, $k);
		my $hovers = $m->{rows}{$k}{row} && !gone($m, $k) && defined $point && free($m, $k) > $point && free($m, $k) * 10 <= $point * 11;
		my $is_open = $low{$k} || ($m->{episodes}{$k} && $hovers) ? 1 : 0;
		$events++ if $is_open != ($m->{episodes}{$k} // 0);
		$m->{episodes}{$k} = $is_open;
	}
	$m->{notified} = 1 if $events;
	return $events;
}

# low_stock_alerts with these options: product, warehouse, stock, threshold, days, available, demand, days in stock.
sub alerts_of
{
	my ($m, $o) = @_;
	my @found;
	for my $k (keys %{ $m->{rows} })
	{
		my $row = $m->{rows}{$k};
		my ($p, $w) = split m{/}, $k;
		next if !$row->{row} || gone($m, $k) || (defined $o->{warehouse} && $w != $o->{warehouse});
		my $point = point_of($m, $k) // next;
		my $is_bundle = is_bundle($k);
		next if $is_bundle && !$o->{bundles};
		my ($stock, $available) = $is_bundle ? (buildable($m, $k)) x 2 : ($row->{q}, free($m, $k));
		next if $available > $point;
		my ($demand, $in_stock) = window($row, $m->{today} - $o->{lookback} + 1, $m->{today});
		$in_stock = $available > 0 || $demand > 0 ? $o->{lookback} : 0 if $is_bundle;
		my $hidden = $row->{sold} && $available <= 0 && $demand <= 0 && $in_stock == 0;
		next if $o->{recent_only} && $demand <= 0 && !($o->{stockouts} && $hidden);
		my $days = $available <= 0 ? 0 : $demand <= 0 ? undef : int($available * $o->{lookback} / $demand);
		push @found, [ $p, $w, $stock, $point, $days, $available, $demand, $in_stock ];
	}
	return [ sort {
		defined $b->[4] <=> defined $a->[4] || ($a->[4] // 0) <=> ($b->[4] // 0) || $b->[6] <=> $a->[6]
		  || $a->[5] <=> $b->[5] || $a->[0] <=> $b->[0] || $a->[1] <=> $b->[1]
	} @found ];
}

1;
