/** Where a sync pod finds what it needs: the CronJob mounts it there, the pod reads it there. */
export const ORDER_DIR = '/etc/engageops/order'
/** A folder for each Secret, in it a file for each key. */
export const SECRETS_DIR = '/etc/engageops/secrets'
/** A folder for each source that is a volume. */
export const VOLUMES_DIR = '/var/lib/engageops/sources'
export const TERMINATION_MESSAGE = '/dev/termination-log'
