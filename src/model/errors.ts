import type { Reason } from './reasons.ts'

/** What an error means for whoever runs the work: try again soon, wait for something outside, or stop until a person acts. */
export type Consequence = 'Retry' | 'Wait' | 'Stalled'

/** An error that a user sees: its reason is one of the catalogue, its message says what is wrong and what to do. */
export class EngageError extends Error {
  readonly reason: Reason
  readonly consequence: Consequence

  constructor(reason: Reason, consequence: Consequence, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EngageError'
    this.reason = reason
    this.consequence = consequence
  }
}
