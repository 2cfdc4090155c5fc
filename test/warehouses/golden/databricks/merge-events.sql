MERGE INTO `engage_default`.`audience_entered` AS __t USING (
SELECT `id`, `received_at`, `user_id`, `plan`, `order` FROM (
  SELECT `id`, `received_at`, `user_id`, `plan`, `order`, row_number() OVER (PARTITION BY `id` ORDER BY __r.`received_at` DESC NULLS LAST, CAST(__r.`order` AS STRING) DESC NULLS LAST, __r.`plan` DESC NULLS LAST, __r.`user_id` DESC NULLS LAST) AS `__rank`
  FROM `engageops`.`stage` AS __r WHERE `to_identifies`
) AS __r WHERE `__rank` = 1
) AS __s
ON __s.`id` = __t.`id`
WHEN MATCHED AND CASE WHEN __s.`received_at` IS NOT NULL AND __t.`received_at` IS NULL THEN 1 WHEN __s.`received_at` IS NULL AND __t.`received_at` IS NOT NULL THEN 0 WHEN __s.`received_at` > __t.`received_at` THEN 1 WHEN __s.`received_at` < __t.`received_at` THEN 0 WHEN CAST(__s.`order` AS STRING) IS NOT NULL AND CAST(__t.`order` AS STRING) IS NULL THEN 1 WHEN CAST(__s.`order` AS STRING) IS NULL AND CAST(__t.`order` AS STRING) IS NOT NULL THEN 0 WHEN CAST(__s.`order` AS STRING) > CAST(__t.`order` AS STRING) THEN 1 WHEN CAST(__s.`order` AS STRING) < CAST(__t.`order` AS STRING) THEN 0 WHEN __s.`plan` IS NOT NULL AND __t.`plan` IS NULL THEN 1 WHEN __s.`plan` IS NULL AND __t.`plan` IS NOT NULL THEN 0 WHEN __s.`plan` > __t.`plan` THEN 1 WHEN __s.`plan` < __t.`plan` THEN 0 WHEN __s.`user_id` IS NOT NULL AND __t.`user_id` IS NULL THEN 1 WHEN __s.`user_id` IS NULL AND __t.`user_id` IS NOT NULL THEN 0 WHEN __s.`user_id` > __t.`user_id` THEN 1 WHEN __s.`user_id` < __t.`user_id` THEN 0 ELSE 0 END = 1 THEN UPDATE SET `received_at` = __s.`received_at`, `user_id` = __s.`user_id`, `plan` = __s.`plan`, `order` = __s.`order`, `uuid_ts` = CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP)
WHEN NOT MATCHED THEN INSERT (`id`, `received_at`, `user_id`, `plan`, `order`, `uuid_ts`)
  VALUES (__s.`id`, __s.`received_at`, __s.`user_id`, __s.`plan`, __s.`order`, CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP));
