ALTER TABLE `engage_default`.`users` ALTER COLUMN `order` SET DATA TYPE FLOAT64;

ALTER TABLE `engage_default`.`users` ALTER COLUMN `order` SET DATA TYPE BIGNUMERIC;
