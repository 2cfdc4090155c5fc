CREATE SCHEMA IF NOT EXISTS `engage_default` OPTIONS(labels=[('managed-by', 'engageops')]);

CREATE TABLE IF NOT EXISTS `engage_default`.`things` (
  `a_boolean` BOOL,
  `a_integer` INT64,
  `a_float` FLOAT64,
  `a_decimal` BIGNUMERIC,
  `a_string` STRING,
  `a_timestamp` TIMESTAMP,
  `a_json` STRING
)
CLUSTER BY `a_string`, `a_integer`;

CREATE TABLE IF NOT EXISTS `engage_default`.`users` (
  `id` STRING,
  `user_id` STRING,
  `received_at` TIMESTAMP,
  `uuid_ts` TIMESTAMP,
  `plan` STRING OPTIONS(description='Customer\'s Plan'),
  `order` INT64
)
CLUSTER BY `id`;

ALTER TABLE `engage_default`.`users`
  ADD COLUMN IF NOT EXISTS `plan` STRING OPTIONS(description='Customer\'s Plan'),
  ADD COLUMN IF NOT EXISTS `order` INT64;

ALTER TABLE `engage_default`.`users` RENAME COLUMN IF EXISTS `plan` TO `tier`;

ALTER TABLE IF EXISTS `engage_default`.`users` DROP COLUMN IF EXISTS `tier`;

DROP TABLE IF EXISTS `engage_default`.`users`;
