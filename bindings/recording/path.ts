type Step = { readonly key: string } | { readonly index: number } | { readonly item: string }

/** A way into nested values: `state.positions[2]`, `/state/positions/2` (RFC 6901), `position[elbow]`. */
export interface Path {
  readonly text: string
  readonly steps: readonly Step[]
}

/** What a path finds when the list it enters is too short. */
export const SHORT = Symbol('list too short')

/**
 * Reads a path. Dots enter objects, `[2]` lists; `[elbow]` enters a list by the place of 'elbow' in the `name` list
 * beside it, as sensor_msgs/JointState orders its joints (`["3"]` when the name is a number); '' is the value itself.
 */
export function parsePath(text: string): Path {
  if (text === '') return { text, steps: [] }
  if (text.startsWith('/')) {
    const keys = text.slice(1).split('/')
    return { text, steps: keys.map(k => ({ key: k.replaceAll('~1', '/').replaceAll('~0', '~') })) }
  }
  const steps: Step[] = []
  const pattern = /([^.[\]]+)|\[(\d+)\]|\["([^"]*)"\]|\[([^\]]+)\]/gy
  let at = 0
  while (at < text.length) {
    if (text[at] === '.' && at > 0) at++
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return { text, steps: [{ key: text }] } // brackets that do not match: a key as it stands
    if (match[1] !== undefined) steps.push({ key: match[1] })
    else if (match[2] !== undefined) steps.push({ index: Number(match[2]) })
    else steps.push({ item: match[3] ?? match[4] })
    at = pattern.lastIndex
  }
  return { text, steps }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The value at a path, `undefined` when a key on the way is absent, SHORT when a list has too few elements.
 * A key equal to the whole path wins, so that 'joint/elbow/qpos' and 'a.b' can be keys.
 */
export function follow(root: unknown, path: Path): unknown {
  if (isObject(root) && Object.hasOwn(root, path.text)) return root[path.text]
  return walk(root, path.steps)
}

/** follow() without the literal key: takes the steps one by one. */
export function walk(root: unknown, steps: Path['steps']): unknown {
  let value = root
  let parent: unknown
  for (const step of steps) {
    let next: unknown
    if (Array.isArray(value)) {
      let index = -1
      if ('index' in step) index = step.index
      else if ('key' in step) index = /^\d+$/.test(step.key) ? Number(step.key) : -1
      else {
        // an empty list says that nothing of this kind is reported
        const names = isObject(parent) && Array.isArray(parent.name) ? parent.name : []
        index = value.length === 0 ? -1 : names.indexOf(step.item)
      }
      if (index < 0) return undefined
      if (index >= value.length)
        return value.length === 0 && isObject(parent) && Array.isArray(parent.name) ? undefined : SHORT
      next = value[index]
    } else if (isObject(value)) {
      const key = 'key' in step ? step.key : 'item' in step ? step.item : String(step.index)
      if (!Object.hasOwn(value, key)) return undefined
      next = value[key]
    } else return undefined
    parent = value
    value = next
  }
  return value
}

/** The step `[elbow]` for a name in the list beside, or undefined when a path cannot hold the name. */
export function itemStep(name: string): string | undefined {
  if (!/^\d+$|[\]"]/.test(name) && name !== '') return `[${name}]`
  return name.includes('"') ? undefined : `["${name}"]`
}

/** Calls `visit` with the path of every number, boolean, null and string inside a value. */
export function flatten(value: unknown, visit: (path: string, leaf: unknown) => void, prefix = ''): void {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) flatten(value[i], visit, `${prefix}[${i}]`)
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) flatten(value[key], visit, prefix === '' ? key : `${prefix}.${key}`)
  } else visit(prefix, value)
}
