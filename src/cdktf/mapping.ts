import { Token } from 'cdktf'

/** The case of letters. */
export enum LetterCase {
  /** Lower case. */
  LOWER = 'lower',
  /** Upper case. */
  UPPER = 'upper',
}

/** The object whose fields win where several have one. */
export enum MergeDirection {
  /** The first one. */
  LEFT = 'left',
  /** The last one. */
  RIGHT = 'right',
}

/** How text is replaced in a value. */
export interface ReplaceProps {
  /** The text to find, at most 10 characters. */
  readonly pattern: string
  /**
   * What stands there instead, at most 10 characters.
   *
   * @default ""
   */
  readonly replacement?: string
  /**
   * Whether case does not matter.
   *
   * @default false
   */
  readonly ignoreCase?: boolean
  /**
   * Whether all are replaced, or the first one only.
   *
   * @default true
   */
  readonly global?: boolean
}

/** How fields of fields become fields. */
export interface FlattenProps {
  /** What stands between the names. */
  readonly separator: string
  /**
   * Whether lists stay as they are.
   *
   * @default false
   */
  readonly omitArrays?: boolean
}

/** A value of a mapping of Segment's mapping-kit: a field of the call, or what is made of it. */
export class Mapping {
  /**
   * A field of the call.
   *
   * @param path such as `$.properties.plan`
   */
  public static path(path: string): Mapping {
    return new Mapping({ '@path': path })
  }

  /**
   * A value that is the same for every call.
   *
   * @param value text, a number, true, false, null, a list or a map
   */
  public static literal(value: any): Mapping {
    return new Mapping({ '@literal': value })
  }

  /**
   * Text with fields of the call in it.
   *
   * @param template such as `{{userId}}-{{properties.plan}}`
   */
  public static template(template: string): Mapping {
    return new Mapping({ '@template': template })
  }

  /**
   * A Liquid template.
   *
   * @param template such as `{{ properties.plan | upcase }}`
   */
  public static liquid(template: string): Mapping {
    return new Mapping({ '@liquid': template })
  }

  /**
   * A map of values.
   *
   * @param fields the values by name
   */
  public static object(fields: { [key: string]: Mapping }): Mapping {
    return new Mapping(fields)
  }

  /**
   * A list of values.
   *
   * @param items the values
   */
  public static list(items: Mapping[]): Mapping {
    return new Mapping(items)
  }

  /**
   * The items of a list in the call, each as a map.
   *
   * @param path where the list is, such as `$.properties.products`
   * @param item the map, with paths from the item down
   */
  public static arrayPath(path: string, item: Mapping): Mapping {
    return new Mapping({ '@arrayPath': [path, item] })
  }

  /**
   * One value where another is there, a third one where not.
   *
   * @param value what must be there: not null
   * @param present the value then
   * @param absent the value else; default: nothing
   */
  public static ifExists(value: Mapping, present: Mapping, absent?: Mapping): Mapping {
    return new Mapping({ '@if': Object.fromEntries([['exists', value], ...branches(present, absent)]) })
  }

  /**
   * One value where another is there and not blank, a third one where not.
   *
   * @param value what must be there: neither null nor empty text
   * @param present the value then
   * @param absent the value else; default: nothing
   */
  public static ifNotBlank(value: Mapping, present: Mapping, absent?: Mapping): Mapping {
    return new Mapping({ '@if': Object.fromEntries([['blank', value], ...branches(present, absent)]) })
  }

  /**
   * One map of several.
   *
   * @param objects the maps
   * @param direction whose fields win
   */
  public static merge(objects: Mapping[], direction: MergeDirection): Mapping {
    return new Mapping({ '@merge': { direction, objects } })
  }

  private constructor(
    /** @internal */
    public readonly _node: any,
  ) {}

  /** The value as JSON text. */
  public jsonEncode(): Mapping {
    return new Mapping({ '@json': { mode: 'encode', value: this } })
  }

  /** The value that stands in JSON text. */
  public jsonDecode(): Mapping {
    return new Mapping({ '@json': { mode: 'decode', value: this } })
  }

  /**
   * The value in lower or upper case.
   *
   * @param to which
   */
  public letterCase(to: LetterCase): Mapping {
    return new Mapping({ '@case': { operator: to, value: this } })
  }

  /**
   * The value with text in it replaced.
   *
   * @param props what by what
   */
  public replace(props: ReplaceProps): Mapping {
    const { ignoreCase, ...others } = props
    return new Mapping({ '@replace': { ...others, ignorecase: ignoreCase, value: this } })
  }

  /**
   * A map without maps in it: their names are put together.
   *
   * @param props how
   */
  public flatten(props: FlattenProps): Mapping {
    return new Mapping({ '@flatten': { ...props, value: this } })
  }

  /** The value, or nothing where it is null. */
  public excludeWhenNull(): Mapping {
    return new Mapping({ '@excludeWhenNull': this })
  }

  /**
   * A mapping of what this mapping makes.
   *
   * @param mapping its paths lead into this mapping's result
   */
  public transform(mapping: Mapping): Mapping {
    return new Mapping({ '@transform': { apply: this, mapping } })
  }

  /** The mapping as it stands in the spec. */
  public toJson(): { [key: string]: any } {
    return plain(this)
  }
}

/** As entries, for an object with a field `then` is taken for a promise. */
const branches = (present: Mapping, absent?: Mapping): [string, unknown][] => [
  ['then', present],
  ['else', absent],
]

/** Without fields that are not set. */
function plain(value: any): any {
  if (value instanceof Mapping) return plain(value._node)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || Token.isUnresolved(value)) return value
  const set = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(set.map(([key, item]) => [key, plain(item)]))
}
