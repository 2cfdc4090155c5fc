-- Put the service account in, in place of serviceAccount:NAME@PROJECT.iam.gserviceaccount.com. It also runs jobs, which SQL cannot grant:
--   gcloud projects add-iam-policy-binding my-project --member=serviceAccount:NAME@PROJECT.iam.gserviceaccount.com --role=roles/bigquery.jobUser
-- The views of a region, which tables are read from, ask for a right on the project as well:
--   gcloud projects add-iam-policy-binding my-project --member=serviceAccount:NAME@PROJECT.iam.gserviceaccount.com --role=roles/bigquery.metadataViewer
-- The project needs billing: without it tables expire after 60 days, and rows cannot be merged.
CREATE SCHEMA IF NOT EXISTS `my-project`.`engageops` OPTIONS (location = 'EU')
GRANT `roles/bigquery.dataEditor` ON SCHEMA `my-project`.`engageops` TO "serviceAccount:NAME@PROJECT.iam.gserviceaccount.com"
CREATE SCHEMA IF NOT EXISTS `my-project`.`default` OPTIONS (location = 'EU')
GRANT `roles/bigquery.dataEditor` ON SCHEMA `my-project`.`default` TO "serviceAccount:NAME@PROJECT.iam.gserviceaccount.com"
CREATE SCHEMA IF NOT EXISTS `my-project`.`engage_default` OPTIONS (location = 'EU')
GRANT `roles/bigquery.dataEditor` ON SCHEMA `my-project`.`engage_default` TO "serviceAccount:NAME@PROJECT.iam.gserviceaccount.com"
-- GRANT `roles/bigquery.dataEditor` ON PROJECT `my-project` TO "serviceAccount:NAME@PROJECT.iam.gserviceaccount.com"
