/** Columns that every table of Postgres has by itself: no other can have such a name, in quotes neither. */
export const SYSTEM_COLUMNS = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']
