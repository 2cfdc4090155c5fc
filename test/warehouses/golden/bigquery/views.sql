CREATE OR REPLACE VIEW `engage_default`.`audience_entered_view` OPTIONS(labels=[('managed-by', 'engageops')]) AS
SELECT * FROM `engage_default`.`audience_entered`
WHERE `received_at` >= TIMESTAMP_TRUNC(TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 60 DAY), DAY)
QUALIFY ROW_NUMBER() OVER (PARTITION BY `id` ORDER BY `uuid_ts` DESC, `received_at` DESC) = 1;

CREATE OR REPLACE VIEW `engage_default`.`users_view` OPTIONS(labels=[('managed-by', 'engageops')]) AS
SELECT * FROM `engage_default`.`users`
QUALIFY ROW_NUMBER() OVER (PARTITION BY `id` ORDER BY `uuid_ts` DESC, `received_at` DESC) = 1;

DROP VIEW IF EXISTS `engage_default`.`audience_entered_view`;
