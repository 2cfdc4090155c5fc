import { EngageError } from '../model/errors.ts'

/**
 * What a warehouse without transactions says of a statement that is over, or was refused before it began. Only its driver can
 * tell: any other error, whatever its reason, leaves open whether the statement still runs, and will commit.
 */
export class StatementFailed extends EngageError {}
