#!/bin/sh
# Brings Temporal's two databases to the schema of the installed version; each step says nothing when it is done already.
# Where the database is comes from the environment (SQL_HOST and its like).
set -eu

schemas=/etc/temporal/schema/postgresql/v12

bring_up() {
  export SQL_DATABASE="$1"
  temporal-sql-tool create-database
  # It only makes the table of versions, and an older version never replaces a newer.
  temporal-sql-tool setup-schema --version 0.0
  temporal-sql-tool update-schema --schema-dir "$schemas/$2/versioned"
}

bring_up temporal temporal
bring_up temporal_visibility visibility
