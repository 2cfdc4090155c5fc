// What the CronJob says and the sync pod keeps to: where it finds what it needs, and what it ends with.

export const ORDER_DIR = '/etc/engageops/order'
/** A folder for each Secret, in it a file for each key. */
export const SECRETS_DIR = '/etc/engageops/secrets'
/** A folder for each source that is a volume. */
export const VOLUMES_DIR = '/var/lib/engageops/sources'
export const TERMINATION_MESSAGE = '/dev/termination-log'
/** Exit status of a sync that only a person can mend: it is not tried again. See docs/cli.md. */
export const STALLED_EXIT_CODE = 78
