MERGE INTO `engage_default`.`audience_entered` AS __t USING (
SELECT `id`, `received_at`, `user_id`, `plan`, `order` FROM (
  SELECT `id`, `received_at`, `user_id`, `plan`, `order`, row_number() OVER (PARTITION BY `id` ORDER BY __r.`received_at` DESC NULLS LAST, CAST(__r.`order` AS STRING) DESC NULLS LAST, __r.`plan` DESC NULLS LAST, __r.`user_id` DESC NULLS LAST) AS `__rank`
  FROM (SELECT GENERATE_UUID() AS `id`, CURRENT_TIMESTAMP() AS `received_at`, GENERATE_UUID() AS `user_id`, GENERATE_UUID() AS `plan`, CAST(NULL AS INT64) AS `order`) AS __r
) AS __r WHERE `__rank` = 1
) AS __s
ON __s.`id` = __t.`id` AND __t.`received_at` >= TIMESTAMP '2026-01-30T00:00:00.000Z' AND __t.`received_at` <= TIMESTAMP '2026-03-31T00:00:00.000Z'
WHEN MATCHED AND CASE WHEN __s.`received_at` IS NOT NULL AND __t.`received_at` IS NULL THEN 1 WHEN __s.`received_at` IS NULL AND __t.`received_at` IS NOT NULL THEN 0 WHEN __s.`received_at` > __t.`received_at` THEN 1 WHEN __s.`received_at` < __t.`received_at` THEN 0 WHEN CAST(__s.`order` AS STRING) IS NOT NULL AND CAST(__t.`order` AS STRING) IS NULL THEN 1 WHEN CAST(__s.`order` AS STRING) IS NULL AND CAST(__t.`order` AS STRING) IS NOT NULL THEN 0 WHEN CAST(__s.`order` AS STRING) > CAST(__t.`order` AS STRING) THEN 1 WHEN CAST(__s.`order` AS STRING) < CAST(__t.`order` AS STRING) THEN 0 WHEN __s.`plan` IS NOT NULL AND __t.`plan` IS NULL THEN 1 WHEN __s.`plan` IS NULL AND __t.`plan` IS NOT NULL THEN 0 WHEN __s.`plan` > __t.`plan` THEN 1 WHEN __s.`plan` < __t.`plan` THEN 0 WHEN __s.`user_id` IS NOT NULL AND __t.`user_id` IS NULL THEN 1 WHEN __s.`user_id` IS NULL AND __t.`user_id` IS NOT NULL THEN 0 WHEN __s.`user_id` > __t.`user_id` THEN 1 WHEN __s.`user_id` < __t.`user_id` THEN 0 ELSE 0 END = 1 THEN UPDATE SET `received_at` = __s.`received_at`, `user_id` = __s.`user_id`, `plan` = __s.`plan`, `order` = __s.`order`, `uuid_ts` = TIMESTAMP '2026-03-01T00:00:00.000Z'
WHEN NOT MATCHED THEN INSERT (`id`, `received_at`, `user_id`, `plan`, `order`, `uuid_ts`)
  VALUES (__s.`id`, __s.`received_at`, __s.`user_id`, __s.`plan`, __s.`order`, TIMESTAMP '2026-03-01T00:00:00.000Z');

MERGE INTO `engageops`.`users_of_engage_default` AS __t USING (
SELECT `user_id`, `trait_set`, `received_at`, `timestamp`, `id`, `plan`, `order` FROM (
  SELECT `user_id`, `trait_set`, `received_at`, `timestamp`, `id`, `plan`, `order`, row_number() OVER (PARTITION BY `user_id`, `trait_set` ORDER BY __r.`received_at` DESC NULLS LAST, __r.`timestamp` DESC NULLS LAST, __r.`id` DESC NULLS LAST) AS `__rank`
  FROM (SELECT GENERATE_UUID() AS `user_id`, GENERATE_UUID() AS `trait_set`, CURRENT_TIMESTAMP() AS `received_at`, CURRENT_TIMESTAMP() AS `timestamp`, GENERATE_UUID() AS `id`, GENERATE_UUID() AS `plan`, CAST(NULL AS INT64) AS `order`) AS __r WHERE `user_id` IS NOT NULL AND `trait_set` IS NOT NULL
) AS __r WHERE `__rank` = 1
) AS __s
ON __s.`user_id` = __t.`user_id` AND __s.`trait_set` = __t.`trait_set`
WHEN MATCHED AND CASE WHEN __s.`received_at` IS NOT NULL AND __t.`received_at` IS NULL THEN 1 WHEN __s.`received_at` IS NULL AND __t.`received_at` IS NOT NULL THEN 0 WHEN __s.`received_at` > __t.`received_at` THEN 1 WHEN __s.`received_at` < __t.`received_at` THEN 0 WHEN __s.`timestamp` IS NOT NULL AND __t.`timestamp` IS NULL THEN 1 WHEN __s.`timestamp` IS NULL AND __t.`timestamp` IS NOT NULL THEN 0 WHEN __s.`timestamp` > __t.`timestamp` THEN 1 WHEN __s.`timestamp` < __t.`timestamp` THEN 0 WHEN __s.`id` IS NOT NULL AND __t.`id` IS NULL THEN 1 WHEN __s.`id` IS NULL AND __t.`id` IS NOT NULL THEN 0 WHEN __s.`id` > __t.`id` THEN 1 WHEN __s.`id` < __t.`id` THEN 0 ELSE 0 END = 1 THEN UPDATE SET `received_at` = __s.`received_at`, `timestamp` = __s.`timestamp`, `id` = __s.`id`, `plan` = __s.`plan`, `order` = __s.`order`
WHEN NOT MATCHED THEN INSERT (`user_id`, `trait_set`, `received_at`, `timestamp`, `id`, `plan`, `order`)
  VALUES (__s.`user_id`, __s.`trait_set`, __s.`received_at`, __s.`timestamp`, __s.`id`, __s.`plan`, __s.`order`);

MERGE INTO `engage_default`.`users` AS __t USING (
WITH __ranked AS (
  SELECT `user_id`, `trait_set`, `received_at`, `plan`, `order`, row_number() OVER (PARTITION BY `user_id` ORDER BY __t.`received_at` DESC NULLS LAST, __t.`timestamp` DESC NULLS LAST, __t.`id` DESC NULLS LAST, __t.`trait_set` DESC NULLS LAST) AS `__rank`
  FROM `engageops`.`users_of_engage_default` AS __t WHERE `user_id` IN (SELECT `user_id` FROM (SELECT GENERATE_UUID() AS `user_id`, GENERATE_UUID() AS `trait_set`, CURRENT_TIMESTAMP() AS `received_at`, CURRENT_TIMESTAMP() AS `timestamp`, GENERATE_UUID() AS `id`, GENERATE_UUID() AS `plan`, CAST(NULL AS INT64) AS `order`) AS __m WHERE `user_id` IS NOT NULL AND `trait_set` IS NOT NULL)
), __given AS (
  SELECT `user_id`, max(`received_at`) AS `received_at`, count(*) AS `__rows`, min(CASE WHEN `plan` IS NOT NULL THEN `__rank` END) AS `__giver_0`, min(CASE WHEN `order` IS NOT NULL THEN `__rank` END) AS `__giver_1`
  FROM __ranked GROUP BY `user_id`
)
SELECT __p0.`user_id` AS `id`, __p0.`user_id`, __p0.`received_at`, `plan`, `order`
FROM (
  SELECT __g.`user_id`, __g.`received_at`, max(CASE WHEN __r.`__rank` = __g.`__giver_0` THEN __r.`plan` END) AS `plan`, max(CASE WHEN __r.`__rank` = __g.`__giver_1` THEN __r.`order` END) AS `order`
  FROM __ranked AS __r JOIN __given AS __g ON __r.`user_id` = __g.`user_id`
  GROUP BY __g.`user_id`, __g.`received_at`
) AS __p0
) AS __s
ON __s.`id` = __t.`id`
WHEN MATCHED AND CASE WHEN __t.`received_at` IS NULL OR __s.`received_at` > __t.`received_at` THEN 1 WHEN __s.`plan` IS NOT NULL AND __t.`plan` IS NULL THEN 1 WHEN __s.`plan` <> __t.`plan` THEN 1 WHEN __s.`order` IS NOT NULL AND __t.`order` IS NULL THEN 1 WHEN CAST(__s.`order` AS STRING) <> CAST(__t.`order` AS STRING) THEN 1 ELSE 0 END = 1 THEN UPDATE SET `user_id` = __s.`user_id`, `received_at` = CASE WHEN __t.`received_at` > __s.`received_at` THEN __t.`received_at` ELSE __s.`received_at` END, `uuid_ts` = TIMESTAMP '2026-03-01T00:00:00.000Z', `plan` = coalesce(__s.`plan`, __t.`plan`), `order` = coalesce(__s.`order`, __t.`order`)
WHEN NOT MATCHED THEN INSERT (`id`, `user_id`, `received_at`, `uuid_ts`, `plan`, `order`)
  VALUES (__s.`id`, __s.`user_id`, __s.`received_at`, TIMESTAMP '2026-03-01T00:00:00.000Z', __s.`plan`, __s.`order`);

MERGE INTO `engageops`.`users_of_engage_default` AS __t USING (
WITH __ranked AS (
  SELECT `user_id`, `trait_set`, `received_at`, `plan`, `order`, row_number() OVER (PARTITION BY `user_id` ORDER BY __t.`received_at` DESC NULLS LAST, __t.`timestamp` DESC NULLS LAST, __t.`id` DESC NULLS LAST, __t.`trait_set` DESC NULLS LAST) AS `__rank`
  FROM `engageops`.`users_of_engage_default` AS __t WHERE `user_id` IN (SELECT `user_id` FROM (SELECT GENERATE_UUID() AS `user_id`, GENERATE_UUID() AS `trait_set`, CURRENT_TIMESTAMP() AS `received_at`, CURRENT_TIMESTAMP() AS `timestamp`, GENERATE_UUID() AS `id`, GENERATE_UUID() AS `plan`, CAST(NULL AS INT64) AS `order`) AS __m WHERE `user_id` IS NOT NULL AND `trait_set` IS NOT NULL)
), __given AS (
  SELECT `user_id`, max(`received_at`) AS `received_at`, count(*) AS `__rows`, min(CASE WHEN `plan` IS NOT NULL THEN `__rank` END) AS `__giver_0`, min(CASE WHEN `order` IS NOT NULL THEN `__rank` END) AS `__giver_1`
  FROM __ranked GROUP BY `user_id`
)
SELECT __r.`user_id`, __r.`trait_set`
FROM __ranked AS __r JOIN __given AS __g ON __r.`user_id` = __g.`user_id`
WHERE __g.`__rows` > 1 AND CASE WHEN __r.`__rank` = __g.`__giver_0` THEN 0 WHEN __r.`__rank` = __g.`__giver_1` THEN 0 ELSE 1 END = 1
) AS __s
ON __s.`user_id` = __t.`user_id` AND __s.`trait_set` = __t.`trait_set`
WHEN MATCHED THEN DELETE;
