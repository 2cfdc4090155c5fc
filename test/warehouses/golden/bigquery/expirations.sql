ALTER SCHEMA `tables` SET OPTIONS (default_table_expiration_days = NULL);

ALTER SCHEMA `both` SET OPTIONS (default_table_expiration_days = NULL, default_partition_expiration_days = NULL);
