# A version after the present one, made up for the tests of updates: another layout of the data, made by
# what a maintainer writes for it (CONTRIBUTING.md, "A new layout"), in an installation of its own.
package NextVersion;

use strict;
use warnings;
use Exporter 'import';
use File::Basename qw(dirname);
use FindBin;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(install_next_version);

# What is new in the code.
my $code = <<'SQL';
CREATE FUNCTION stockflow.migrate_from_1_0() RETURNS text
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        filled bigint;
    BEGIN
        PERFORM stockflow.lock_tables('products', 'warehouses');
        ALTER TABLE stockflow.products ADD COLUMN origin text;
        ALTER TABLE stockflow.products ADD CONSTRAINT products_origin_check CHECK (char_length(origin) = 2);
        COMMENT ON COLUMN stockflow.products.origin IS 'Country of origin.';
        UPDATE stockflow.products SET origin = attributes->>'origin' WHERE attributes ? 'origin';
        GET DIAGNOSTICS filled = ROW_COUNT;
        CREATE INDEX products_origin_idx ON stockflow.products (company_id, origin);
        DROP TRIGGER IF EXISTS history_guard ON stockflow.warehouses;
        CREATE TRIGGER history_guard BEFORE DELETE OR UPDATE ON stockflow.warehouses
            FOR EACH ROW EXECUTE FUNCTION stockflow.history_guard('warehouse');
        CREATE TABLE stockflow.product_notes (
            company_id bigint NOT NULL,
            note_id bigserial,
            product_id bigint NOT NULL,
            note text NOT NULL,
            CONSTRAINT product_notes_pkey PRIMARY KEY (company_id, note_id),
            CONSTRAINT product_notes_product_fkey FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products
        );
        COMMENT ON TABLE stockflow.product_notes IS 'Notes.';
        ALTER TABLE stockflow.product_notes ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON stockflow.product_notes
            USING (company_id = stockflow.current_company())
            WITH CHECK (company_id = stockflow.current_company());
        COMMENT ON SCHEMA stockflow IS 'stockflow data 1.1';
        RETURN format('products.origin (%s filled in), product_notes', filled);
    END
    $$;
COMMENT ON FUNCTION stockflow.migrate_from_1_0() IS 'Internal: a step of migrate().';

CREATE FUNCTION stockflow.products_of_origin(company_id bigint, origin text) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        PERFORM stockflow.require_data_version('1.1');
        RETURN QUERY SELECT p.product_id FROM stockflow.products p WHERE p.company_id = $1 AND p.origin = $2;
    END
    $$;
COMMENT ON FUNCTION stockflow.products_of_origin(bigint, text) IS 'Products of a country.';
SQL

# What is new in the tables of a fresh installation: [file, what is there, what is to be there].
my @changes = (
	[ 'code/62_migrate.sql', "SELECT '1.0'", "SELECT '1.1'" ],
	[ 'code/60_lifecycle.sql', 'DROP TABLE IF EXISTS ', 'DROP TABLE IF EXISTS stockflow.product_notes, ' ],
	[ '00_begin.sql', 'jsonb, created_at timestamp with time zone, deleted_at timestamp with time zone",
        "product_bundles"', 'jsonb, created_at timestamp with time zone, deleted_at timestamp with time zone, origin text",
        "product_notes": "company_id bigint, note_id bigint, product_id bigint, note text",
        "product_bundles"' ],
	[ 'data/20_products.sql', "    CONSTRAINT products_pkey", "    origin text,\n    CONSTRAINT products_pkey" ],
	[ 'data/20_products.sql', "    CONSTRAINT products_unit_check",
		"    CONSTRAINT products_origin_check CHECK (char_length(origin) = 2),\n    CONSTRAINT products_unit_check" ],
	[ 'triggers/10_triggers.sql', 'DELETE OR UPDATE OF company_id, warehouse_id ON stockflow.warehouses',
		'DELETE OR UPDATE ON stockflow.warehouses' ]);
my %new_files = (
	'code/65_next.sql' => $code,
	'data/21_next.sql' => <<'SQL',
COMMENT ON COLUMN stockflow.products.origin IS 'Country of origin.';
CREATE INDEX products_origin_idx ON stockflow.products (company_id, origin);
CREATE TABLE stockflow.product_notes (
    company_id bigint NOT NULL,
    note_id bigserial,
    product_id bigint NOT NULL,
    note text NOT NULL,
    CONSTRAINT product_notes_pkey PRIMARY KEY (company_id, note_id),
    CONSTRAINT product_notes_product_fkey FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products
);
COMMENT ON TABLE stockflow.product_notes IS 'Notes.';
ALTER TABLE stockflow.product_notes ENABLE ROW LEVEL SECURITY;
SQL
	'triggers/21_next.sql' => <<'SQL');
CREATE POLICY tenant ON stockflow.product_notes
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
SQL

sub output_of
{
	my $output;
	IPC::Run::run([@_], '>', \$output) or die "@_ failed";
	chomp $output;
	return $output;
}

# The text of a function's declaration in a file, to be replaced by an update.
sub replacing
{
	my ($file, $function) = @_;
	my ($text) = slurp_file($file) =~ /^(CREATE FUNCTION stockflow\.\Q$function\E\(.*?\n    (?:\$\$|AS \$\$[^\n]*\$\$);\n)/ms
	  or die "no $function in $file";
	$text =~ s/^CREATE FUNCTION/CREATE OR REPLACE FUNCTION/;
	return $text;
}

sub write_file
{
	my ($file, $text) = @_;
	unlink $file;    # it may be a link to the original
	append_to_file($file, $text);
	return;
}

# Writes the scripts of the next version to a folder of extensions.
sub write_scripts
{
	my ($directory, $extensions, $present) = @_;
	my $top = dirname(dirname($FindBin::RealBin));
	my $sql = "$directory/source/sql";
	system_or_bail('mkdir', '-p', "$directory/source/scripts");
	system_or_bail('cp', '-r', "$top/sql", "$directory/source/");
	system_or_bail('cp', "$top/scripts/install-script", "$directory/source/scripts/");
	for my $change (@changes)
	{
		my ($file, $from, $to) = @$change;
		my $text = slurp_file("$sql/$file");
		# The last of several, as the table of products comes after that of categories.
		my $place = rindex($text, $from);
		die "not in $file: $from" if $place < 0;
		substr($text, $place, length $from) = $to;
		write_file("$sql/$file", $text);
	}
	write_file("$sql/$_", $new_files{$_}) for keys %new_files;
	write_file("$extensions/stockflow--1.1.0.sql", output_of("$directory/source/scripts/install-script") . "\n");
	write_file("$extensions/stockflow--$present--1.1.0.sql", join "\n",
		'\echo Use "ALTER EXTENSION stockflow UPDATE" to load this file. \quit',
		$code,
		'REVOKE ALL ON ROUTINE stockflow.migrate_from_1_0(), stockflow.products_of_origin(bigint, text) FROM PUBLIC;',
		replacing("$sql/code/62_migrate.sql", 'needed_data_version'),
		replacing("$sql/code/60_lifecycle.sql", 'uninstall'),
		# Made from the tables, constraints, triggers and policies of the version.
		replacing("$extensions/stockflow--1.1.0.sql", 'expected_objects'));
	return;
}

# Installs the present and the next version side by side, the next one as the default; returns the
# path for PostgreSQL::Test::Cluster, and the present version.
sub install_next_version
{
	my ($directory) = @_;
	my %from = map { $_ => output_of('pg_config', "--$_") } qw(bindir sharedir pkglibdir);
	my ($root) = "$from{bindir}\n$from{sharedir}" =~ m{^(.*)/.*\n\1/};
	my %to = map { $_ => $directory . substr($from{$_}, length $root) } keys %from;
	system_or_bail('mkdir', '-p', dirname($_)) for values %to;
	# Programs look for the rest from where they are, links resolved: hence hard ones.
	system_or_bail('cp', '-rl', $from{bindir}, $to{bindir});
	system_or_bail('cp', '-rs', $from{$_}, $to{$_}) for qw(sharedir pkglibdir);
	my $extensions = "$to{sharedir}/extension";
	my $control = slurp_file("$extensions/stockflow.control");
	my ($present) = $control =~ /^default_version = '(.*)'/m;
	$control =~ s/^default_version = .*/default_version = '1.1.0'/m;
	write_file("$extensions/stockflow.control", $control);
	write_scripts($directory, $extensions, $present);
	return (dirname($to{bindir}), $present);
}

1;
