ALTER TABLE `engage_default`.`users` SET TBLPROPERTIES ('delta.enableTypeWidening' = 'true');

ALTER TABLE `engage_default`.`users` ALTER COLUMN `order` TYPE DECIMAL(38,18);
