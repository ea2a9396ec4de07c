# Random statements on documents: reservations, purchase orders, transfers that take time, count sheets, and calls with
# idempotency keys. As in Model::Statements.
package Model::Documents;

use strict;
use warnings;
use List::Util qw(min sum0 uniq);
use Exporter 'import';
use Model::State qw(post row_of free gone parts_of lots set_counted reservation_state key_order);

our @EXPORT_OK = qw(document_statements);
my $next_key = 0;    # keys are never given back, not by a rollback either

sub product { return (1 .. 6, 8)[ rand 7 ] }
sub product_or_bundle { return (1 .. 6, 8 .. 10)[ rand 9 ] }
sub plain_product { return 1 + int rand 6 }
sub json { my ($fields, @lines) = @_; my @names = split / /, $fields;
	return '[' . join(', ', map { my $line = $_; '{' . join(', ', map { "\"$names[$_]\": $line->[$_]" } 0 .. $#names) . '}' } @lines) . ']' }

# One of the documents, mostly one that is not over; now and then one of another company, or an id that nobody has.
sub pick
{
	my ($documents, $over) = @_;
	my @ids = sort { $a <=> $b } keys %$documents;
	my @alive = grep { !$over->($documents->{$_}) } @ids;
	@ids = @alive if @alive && rand() < 0.85;
	return @ids && rand() < 0.97 ? $ids[ rand @ids ] : (1, 999_999_999)[ rand 2 ];
}
sub need { my ($m, $kind, $id) = @_; return $m->{$kind}{$id} // die "23503\n" }
sub says { my ($wanted) = @_; return sub { return ($_[0] // '') eq $wanted ? undef : 'returned ' . ($_[0] // 'null') . ", not $wanted" } }

sub reservations
{
	my ($c, $m) = @_;
	my @want = map { [ product_or_bundle(), 1 + int rand 2, 1 + int rand 4 ] } 1 .. 1 + int rand 2;
	my $lines = json('product_id warehouse_id quantity', @want);
	my $id = pick($m->{reservations}, sub { reservation_state($_[0]) ne 'active' });
	my $r = $m->{reservations}{$id};
	my ($k, $q) = ($r ? $r->{lines}[0]{k} : '1/1', 1 + int rand 4);
	my ($p, $w) = split m{/}, $k;
	my $keep = rand() < 0.5 ? 'true' : 'false';
	my $commit = sub {
		my ($m, $part) = @_;
		my $r = need($m, 'reservations', $id);
		die "55000\n" if reservation_state($r) ne 'active';
		my @sales;
		for my $line (@{ $r->{lines} })
		{
			my $taken = !$part ? $line->{open} : $line->{k} eq $k ? $q : 0;
			die "23514\n" if $taken > $line->{open};
			my $rest = $part && $keep eq 'true' ? $line->{open} - $taken : 0;
			$line->{committed} += $taken;
			$line->{open} = $rest;
			push @sales, { k => $line->{k}, delta => -$taken, reason => 'sale', was_reserved => 1 } if $taken;
		}
		post($m, @sales);
		return;
	};
	my $run_out = sub {
		my ($m) = @_;
		for my $r (grep { $_->{expired} } values %{ $m->{reservations} })
		{
			for my $line (@{ $r->{lines} }) { $line->{expired} += $line->{open}; $line->{open} = 0 }
		}
	};
	return (
		[ 5, "SELECT stockflow.reserve_stock($c, '$lines', now() + interval '1 hour')", sub {
				my ($m) = @_;
				my %sum;
				$sum{"$_->[0]/$_->[1]"} += $_->[2] for @want;
				my @lines = map { { k => $_, open => $sum{$_}, committed => 0, expired => 0 } } sort { key_order($a, $b) } keys %sum;
				my %needs;
				for my $line (@lines)
				{
					my $parts = parts_of($line->{k});
					die "23503\n" if grep { gone($m, $_) } $line->{k}, keys %$parts;
					$needs{$_} += $line->{open} * $parts->{$_} for keys %$parts;
				}
				for my $k (keys %needs)
				{
					row_of($m, $k)->{row} = 1;
					die "23514\n" if !$m->{negative} && free($m, $k) < $needs{$k};
				}
				return sub { $m->{reservations}{ $_[0] } = { lines => \@lines, expired => 0 }; return } } ],
		[ 2, "SELECT stockflow.commit_reservation($c, $id)", sub { $commit->($_[0], 0) } ],
		[ 2, "SELECT stockflow.commit_reservation($c, $id, '" . json('product_id warehouse_id quantity', [ $p, $w, $q ]) . "', keep_rest => $keep)",
			sub { $commit->($_[0], 1) } ],
		[ 1, "SELECT stockflow.release_reservation($c, $id)", sub {
				my $r = need($_[0], 'reservations', $id);
				my $state = reservation_state($r);
				die "55000\n" unless $state =~ /active|expired/;
				for my $line (@{ $r->{lines} }) { $line->{expired} += $line->{open} if $state eq 'expired'; $line->{open} = 0 }
				return } ],
		[ 1, "SELECT stockflow.extend_reservation($c, $id, now() + interval '2 hours')", sub {
				die "55000\n" if reservation_state(need($_[0], 'reservations', $id)) ne 'active';
				return } ],
		# Time passes, and is turned back.
		[ 2, "UPDATE stockflow.reservations SET expires_at = now() - interval '1 second' WHERE company_id = $c AND reservation_id = $id",
			sub { my $r = $_[0]{reservations}{$id}; $r->{expired} = 1 if $r; return } ],
		[ 1, "UPDATE stockflow.reservations SET expires_at = now() + interval '1 hour' WHERE company_id = $c AND reservation_id = $id", sub {
				my ($m) = @_;
				my $r = $m->{reservations}{$id} // return;
				my $was = $r->{expired};
				$r->{expired} = 0;
				for my $k ($was ? map { keys %{ parts_of($_->{k}) } } grep { $_->{open} } @{ $r->{lines} } : ())
				{
					die "23514\n" if !$m->{negative} && free($m, $k) < 0;
				}
				return } ],
		[ 1, "SELECT stockflow.release_expired($c)", sub {
				my ($m) = @_;
				my $due = grep { $_->{expired} && grep { $_->{open} } @{ $_->{lines} } } values %{ $m->{reservations} };
				$run_out->($m);
				return says($due) } ]);
}

sub purchases
{
	my ($c, $m) = @_;
	my @want = map { [ product(), 1 + int rand 2, 1 + int rand 9 ] } 1 .. 1 + int rand 2;
	my $lines = json('product_id warehouse_id quantity', @want);
	my $id = pick($m->{orders}, sub { $_[0]{state} =~ /received$|cancelled/ && $_[0]{state} ne 'partly_received' });
	my @came = map { [ 1 + int rand 2, 1 + int rand 6 ] } 1 .. 1 + int rand 2;
	return (
		[ 2, "SELECT stockflow.create_purchase_order($c, 1, 1, '$lines')", sub {
				my ($m) = @_;
				die "23503\n" if grep { gone($m, "$_->[0]/$_->[1]") } @want;
				return sub {
					$m->{orders}{ $_[0] } = { state => 'draft', lines => [ map { { k => "$_->[0]/$_->[1]", q => $_->[2], received => 0 } } @want ] };
					return } } ],
		[ 2, "SELECT stockflow.place_purchase_order($c, $id)", sub {
				my $o = need($_[0], 'orders', $id);
				die "55000\n" if $o->{state} ne 'draft';
				die "23503\n" if grep { gone($_[0], $_->{k}) } @{ $o->{lines} };
				$o->{state} = 'ordered';
				row_of($_[0], $_->{k})->{row} = 1 for @{ $o->{lines} };
				return says('ordered') } ],
		[ 4, "SELECT stockflow.receive_purchase_order($c, $id, '" . json('line_id quantity', @came) . "')", sub {
				my ($m) = @_;
				my $o = need($m, 'orders', $id);
				die "55000\n" unless $o->{state} =~ /^(ordered|partly_received)$/;
				for my $n (map { $_->[0] } @came)
				{
					my $line = $o->{lines}[ $n - 1 ] // die "23503\n";
					die "23514\n" if ($line->{received} + sum0(map { $_->[1] } grep { $_->[0] == $n } @came)) * 100 > $line->{q} * 120;
				}
				post($m, map { { k => $o->{lines}[ $_->[0] - 1 ]{k}, delta => $_->[1], reason => 'receipt' } } @came);
				$o->{lines}[ $_->[0] - 1 ]{received} += $_->[1] for @came;
				$o->{state} = (grep { $_->{received} < $_->{q} } @{ $o->{lines} }) ? 'partly_received' : 'received';
				return says($o->{state}) } ],
		[ 1, "SELECT stockflow.cancel_purchase_order($c, $id)", sub {
				my $o = need($_[0], 'orders', $id);
				die "55000\n" unless $o->{state} =~ /^(draft|ordered|partly_received)$/;
				$o->{state} = $o->{state} eq 'partly_received' ? 'received' : 'cancelled';
				return says($o->{state}) } ]);
}

# So many units of a line in transit, by the lots that were shipped, those that expire first: [ lot or undef, units ].
sub parcels
{
	my ($line, $units) = @_;
	my @parts;
	for my $lot (lots())
	{
		my $part = min($units, $line->{lots}{$lot} // 0) or next;
		$line->{lots}{$lot} -= $part;
		$units -= $part;
		push @parts, [ $lot, $part ];
	}
	return $units ? (@parts, [ undef, $units ]) : @parts;
}

sub transfers
{
	my ($c, $m) = @_;
	my @want = map { [ product(), 1 + int rand 6 ] } 1 .. 1 + int rand 2;
	my $from = 1 + int rand 2;
	my $id = pick($m->{transfers}, sub { $_[0]{state} =~ /^(received|closed|cancelled)$/ });
	my @part = map { [ 1 + int rand 2, 1 + int rand 3 ] } 1 .. 1 + int rand 2;
	my $all = rand() < 0.4;
	my $lines = $all ? 'NULL' : "'" . json('line_id quantity', @part) . "'";
	# Units in transit come to an end: received, lost or returned.
	my $settle = sub {
		my ($m, $t, $outcome, $all) = @_;
		die "55000\n" unless $t->{state} =~ /^(shipped|partly_received)$/;
		my %sum;
		if ($all) { $sum{ $_ + 1 } = $t->{lines}[$_]{open} for grep { $t->{lines}[$_]{open} } 0 .. $#{ $t->{lines} } }
		else { $sum{ $_->[0] } += $_->[1] for @part }
		for my $n ($all ? keys %sum : map { $_->[0] } @part)    # the first wrong line is the one complained of
		{
			my $line = $t->{lines}[ $n - 1 ] // die "23503\n";
			die "23514\n" if $sum{$n} > $line->{open};
		}
		my @entries;
		for my $n (sort { $a <=> $b } keys %sum)
		{
			my $line = $t->{lines}[ $n - 1 ];
			my $k = $outcome eq 'returned' ? $line->{home} : $line->{k};
			row_of($m, $line->{k})->{row} = 1;
			for my $part (parcels($line, $sum{$n}))
			{
				my @lot = $part->[0] ? (lot => $part->[0]) : ();
				push @entries, { k => $k, delta => $part->[1], reason => 'transfer_in', @lot };
				push @entries, { k => $k, delta => -$part->[1], reason => 'transit_loss', @lot } if $outcome eq 'lost';
			}
			$line->{open} -= $sum{$n};
			$line->{$outcome} += $sum{$n};
		}
		post($m, @entries);
		my %total;
		for my $line (@{ $t->{lines} }) { $total{$_} += $line->{$_} // 0 for qw(open q received returned) }
		$t->{state} = $total{open} ? 'partly_received' : $total{received} == $total{q} ? 'received'
		  : $total{returned} == $total{q} ? 'cancelled' : 'closed';
		return says($t->{state});
	};
	return (
		[ 2, "SELECT stockflow.create_transfer($c, $from, 3 - $from, '" . json('product_id quantity', @want) . "')", sub {
				my ($m) = @_;
				die "23503\n" if $m->{closed}{ 3 - $from };
				return sub {
					$m->{transfers}{ $_[0] } = { state => 'draft', lines => [
						map { { k => "$_->[0]/" . (3 - $from), home => "$_->[0]/$from", q => $_->[1], open => 0 } } @want ] };
					return } } ],
		[ 3, "SELECT stockflow.ship_transfer($c, $id)", sub {
				my ($m) = @_;
				my $t = need($m, 'transfers', $id);
				die "55000\n" if $t->{state} ne 'draft';
				die "23503\n" if $m->{closed}{ (split m{/}, $t->{lines}[0]{k})[1] };
				row_of($m, $_->{k})->{row} = 1 for @{ $t->{lines} };
				my @entries = map { { k => $_->{home}, delta => -$_->{q}, reason => 'transfer_out' } } @{ $t->{lines} };
				post($m, @entries);
				for my $line (@{ $t->{lines} })
				{
					$line->{open} = $line->{q};
					$line->{lots} = (shift @entries)->{gave};
				}
				$t->{state} = 'shipped';
				return says('shipped') } ],
		[ 3, "SELECT stockflow.receive_transfer($c, $id, $lines)", sub { $settle->($_[0], need($_[0], 'transfers', $id), 'received', $all) } ],
		[ 1, "SELECT stockflow.write_off_transfer($c, $id, $lines)", sub { $settle->($_[0], need($_[0], 'transfers', $id), 'lost', $all) } ],
		[ 1, "SELECT stockflow.cancel_transfer($c, $id)", sub {
				my $t = need($_[0], 'transfers', $id);
				return $settle->($_[0], $t, 'returned', 1) if $t->{state} ne 'draft';
				$t->{state} = 'cancelled';
				return says('cancelled') } ]);
}

sub counts
{
	my ($c, $m) = @_;
	my $w = 1 + int rand 2;
	my @products = uniq map { product() } 1 .. 2;
	my $id = pick($m->{counts}, sub { $_[0]{state} ne 'open' });
	my @found = map { [ $_, int rand 12 ] } @products;
	my $open = sub { my $s = need($_[0], 'counts', $id); die "55000\n" if $s->{state} ne 'open'; return $s };
	return (
		[ 1, "SELECT stockflow.create_stock_count($c, $w, ARRAY[" . join(', ', @products) . '])', sub {
				my ($m) = @_;
				return sub { $m->{counts}{ $_[0] } = { w => $w, state => 'open', lines => { map { ("$_/$w" => {}) } @products } }; return } } ],
		[ 2, "SELECT stockflow.record_counts($c, $id, '" . json('product_id counted_quantity', @found) . "')", sub {
				my ($m) = @_;
				my $s = $open->($m);
				$s->{lines}{"$_->[0]/$s->{w}"} = { counted => $_->[1], moment => $m->{moment}, since => 0 } for @found;
				return says(scalar @found) } ],
		[ 2, "SELECT count(*) FROM stockflow.post_stock_count($c, $id)", sub {
				my ($m) = @_;
				my $s = $open->($m);
				my @counted = grep { defined $s->{lines}{$_}{counted} } sort { key_order($a, $b) } keys %{ $s->{lines} };
				die "55000\n" unless @counted;
				for my $k (@counted)
				{
					my $line = $s->{lines}{$k};
					row_of($m, $k)->{row} = 1;
					set_counted($m, $k, $line->{counted}, $line->{moment}, $line->{since});
				}
				$s->{state} = 'posted';
				return says(scalar keys %{ $s->{lines} }) } ],
		[ 0.5, "SELECT stockflow.cancel_stock_count($c, $id)", sub { $open->($_[0])->{state} = 'cancelled'; return says('cancelled') } ]);
}

# A call with a key; the same again, which does nothing and returns what it did; another with its key.
sub keyed
{
	my ($c, $m) = @_;
	my ($p, $w, $q) = (plain_product(), 1 + int rand 2, 1 + int rand 5);
	my $name = 'k' . ++$next_key;
	my $sale = "SELECT stockflow.record_sale($c, $w, $p, $q, idempotency_key => '$name')";
	my @kinds = [ 2, $sale, sub {
			my ($m) = @_;
			post($m, { k => "$p/$w", delta => -$q, reason => 'sale' });
			return sub { push @{ $m->{calls} }, [ $sale, $_[0], $name ]; return } } ];
	my @calls = @{ $m->{calls} } or return @kinds;
	my ($again, $result, $used) = @{ $calls[ rand @calls ] };
	return (@kinds,
		[ 2, $again, sub { return says($result) } ],
		[ 1, "SELECT stockflow.receive_stock($c, $w, $p, $q, idempotency_key => '$used')", sub { die "23505\n" } ]);
}

sub document_statements
{
	my ($c, $m) = @_;
	return (reservations($c, $m), purchases($c, $m), transfers($c, $m), counts($c, $m), keyed($c, $m));
}

1;
