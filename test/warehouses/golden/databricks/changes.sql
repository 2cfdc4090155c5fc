CREATE SCHEMA IF NOT EXISTS `engage_default`;

CREATE TABLE IF NOT EXISTS `engage_default`.`things` (
  `a_boolean` BOOLEAN,
  `a_integer` BIGINT,
  `a_float` DOUBLE,
  `a_decimal` DECIMAL(38,18),
  `a_string` STRING,
  `a_timestamp` TIMESTAMP,
  `a_json` STRING
)
USING DELTA
TBLPROPERTIES ('delta.columnMapping.mode' = 'name');

CREATE TABLE IF NOT EXISTS `engage_default`.`users` (
  `id` STRING,
  `user_id` STRING,
  `received_at` TIMESTAMP,
  `uuid_ts` TIMESTAMP,
  `plan` STRING COMMENT 'Customer\'s Plan',
  `order` BIGINT
)
USING DELTA
CLUSTER BY (`received_at`)
TBLPROPERTIES ('delta.columnMapping.mode' = 'name');

ALTER TABLE `engage_default`.`users` ADD COLUMNS (
  `plan` STRING COMMENT 'Customer\'s Plan',
  `order` BIGINT
);

ALTER TABLE `engage_default`.`users` RENAME COLUMN `plan` TO `tier`;

ALTER TABLE `engage_default`.`users` DROP COLUMN IF EXISTS `tier`;

DROP TABLE IF EXISTS `engage_default`.`users`;
