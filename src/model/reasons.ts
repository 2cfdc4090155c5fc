/**
 * Every reason that a condition, an event or an error can carry: a stable word, what it means, and the way out.
 * docs/troubleshooting.md is generated from it.
 */
export const REASONS = {
  Ready: { meaning: 'Everything is as declared.', fix: 'Nothing to do.' },
  Reconciling: { meaning: 'The resource is being brought to what was declared.', fix: 'Wait for it.' },
  Suspended: { meaning: 'spec.suspend is set.', fix: 'Set it to false to go on.' },
  InvalidSpec: { meaning: 'The spec breaks a rule.', fix: 'Change the field that the message names.' },
  SpaceNotFound: { meaning: 'The EngageSpace does not exist (yet).', fix: 'Create it, or correct spec.spaceRef.' },
  DestinationNotFound: {
    meaning: 'The WarehouseDestination does not exist (yet).',
    fix: 'Create it, or correct the reference.',
  },
  DestinationNotConnected: {
    meaning: 'The space is not connected to the destination.',
    fix: "Add the destination to the space's spec.destinations.",
  },
  DestinationNotReady: { meaning: 'The warehouse cannot be used now.', fix: 'See the conditions of the destination.' },
  ComputationNotFound: {
    meaning: 'The space declares no computation of that key.',
    fix: 'Declare it in the space, or correct spec.computation.',
  },
  TriggerMismatch: {
    meaning: 'A trigger does not fit the computation.',
    fix: 'Use triggers that the computation has.',
  },
  Conflict: {
    meaning: 'An older resource has the table, the column type or the schema already.',
    fix: 'Use another table or schema, or delete the older resource.',
  },
  AdoptionRefused: {
    meaning: 'A table or view of that name exists and was not made by EngageOps, or does not fit.',
    fix: 'Use another name, change the table, or set adoptionPolicy.',
  },
  ImmutableField: { meaning: 'A field that cannot change was changed.', fix: 'Set it back, or make a new resource.' },
  AwaitingApproval: {
    meaning: 'The plan would lose data.',
    fix: 'Approve its hash with the annotation engageops.dev/approve-plan, or run engageops apply --yes.',
  },
  Drifted: {
    meaning: 'Tables differ from what was declared.',
    fix: 'Set driftPolicy.mode to Correct, or undo the change.',
  },
  UnsupportedChange: { meaning: 'The warehouse cannot make that change in place.', fix: 'Run the SQL of the message.' },
  ColumnLimit: {
    meaning: 'The table has all the columns it may have; more went to the overflow column.',
    fix: 'Declare fewer properties, or raise schemaPolicy.maxColumns.',
  },
  DataExpires: {
    meaning: 'The warehouse deletes what is loaded by itself, after a time that its schema sets.',
    fix: 'Run the SQL of the message, for the tables that were made meanwhile too.',
  },
  ViewRefused: {
    meaning: 'Somebody else has an object of the name that the view beside a table would have. The table is loaded.',
    fix: 'Rename or drop that object, or leave bigquery.views out.',
  },
  SecretNotFound: { meaning: 'The Secret or the key in it does not exist.', fix: 'Create it.' },
  LocalModeOnly: { meaning: 'DuckDB is for the local mode.', fix: 'Use another warehouse in a cluster.' },
  WarehouseUnreachable: { meaning: 'The server does not answer.', fix: 'Check host, port, network and allow-lists.' },
  AuthenticationFailed: { meaning: 'The server refused the credentials.', fix: 'Check user and Secret.' },
  TlsFailed: { meaning: "The server's certificate was not accepted.", fix: 'Set caSecretRef, or another sslMode.' },
  PermissionDenied: { meaning: 'The user may not do that.', fix: 'Give the right that the message names.' },
  DatabaseNotFound: { meaning: 'The database does not exist.', fix: 'Create it, or correct the destination.' },
  DatabaseLocked: { meaning: 'Another process has the database open.', fix: 'Wait for it, or end it.' },
  WarehouseFull: { meaning: 'Disk, memory or quota of the warehouse is used up.', fix: 'Make room.' },
  WarehouseError: { meaning: 'The warehouse refused a statement.', fix: 'See the message.' },
  LeaseHeld: {
    meaning: 'Another run writes to the same tables.',
    fix: 'Wait for it: the message says until when at most.',
  },
  LeaseLost: { meaning: 'Another run took the lease over.', fix: 'Nothing to do: the other run goes on.' },
  WarehouseChanged: {
    meaning: 'The bookkeeping schema belongs to another warehouse or installation.',
    fix: 'Point the destination back, or use another bookkeepingSchema.',
  },
  SourceUnreachable: { meaning: 'The source cannot be listed.', fix: 'Check the field that the message names.' },
  SourceUnreadable: {
    meaning: 'A file or object of the source cannot be read, or too much of it is not JSON.',
    fix: 'See the message and the discards, correct the file.',
  },
  SyncSucceeded: { meaning: 'The last sync wrote all rows.', fix: 'Nothing to do.' },
  SyncPartial: { meaning: 'The last sync has notices.', fix: 'See the notices and the discards.' },
  SyncFailed: { meaning: 'The last sync wrote no rows.', fix: 'See the message.' },
  SchemaChanged: { meaning: 'Tables were made or changed as declared.', fix: 'Nothing to do.' },
  NeverSynced: { meaning: 'No sync has run yet.', fix: 'Wait for the schedule, or start one.' },
  DeletionBlocked: {
    meaning: 'Tables are to be dropped, but the warehouse cannot be used.',
    fix: 'Bring it back, or release it and keep the tables: with the annotation engageops.dev/force-orphan; locally with apply --prune --force-orphan.',
  },
} as const satisfies Record<string, { meaning: string; fix: string }>

export type Reason = keyof typeof REASONS
