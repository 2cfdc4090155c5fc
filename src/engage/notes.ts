/** Why a value or a call was changed or not loaded, each with the sentence that people read in run notices. */
export const NOTES = {
  NotACall: 'the line is not a JSON object; it went to discards',
  NoIdentity: 'the call has no userId, anonymousId or groupId; it went to discards',
  IdTooLong: 'the userId or anonymousId has more than 512 characters; the call went to discards',
  IdMade: 'the call has no messageId of at most 512 characters; its id was made from its content',
  MappingFailed: 'the mapping could not be applied to the call; it went to discards',
  NulRemoved: 'U+0000 was removed from text, since the warehouse cannot store it',
  InvalidUnicode: 'text that is not valid Unicode was mended with U+FFFD',
  NotABoolean: 'the value is not a boolean; the column was left NULL',
  NotAnInteger: 'the value is not an integer; the column was left NULL',
  IntegerOutOfRange: 'the integer does not fit 64 bits; the column was left NULL',
  NotANumber: 'the value is not a number; the column was left NULL',
  NumberOutOfRange: 'the number is too large for the column, which was left NULL',
  InexactFloat: 'the number has more digits than the column holds; it was rounded, the exact one is in discards',
  DecimalOutOfRange: 'the number does not fit 38 digits, 18 of them after the point; the column was left NULL',
  InvalidTimestamp: 'the value is not a time of the years 1 to 9999 in ISO 8601; it was not loaded',
  ReceivedWhenSent:
    'the value is not a time of the years 1 to 9999 in ISO 8601; the time that the call tells beside it was taken',
  ReceivedWhenSeen:
    'the value is not a time of the years 1 to 9999 in ISO 8601; when the file was first seen was taken, which may make the call the newest of its user',
  TextTooLong: 'the text is longer than the warehouse takes; the column was left NULL',
  OtherType: 'the column has a type that is not one of EngageOps, and was left as it is; the value went to discards',
  OtherSpelling: 'two keys of the call are one column; the exact spelling was loaded, the other value is in discards',
  Undeclared: 'no resource declares the property, and schemaPolicy.undeclaredProperties leaves such out',
  ColumnLimit: 'the table has no room for more columns; further properties went to the overflow column',
} as const

export type NoteCode = keyof typeof NOTES
