/** How messages call an element: `joint 'elbow'`, or `joint 3` when it has no name. */
export function label(kind: string, names: readonly string[], id: number): string {
  const name = names[id]
  return name === undefined || name === '' ? `${kind} ${id}` : `${kind} '${name}'`
}

/** Decode MuJoCo's zero-terminated names: `bytes` is mjModel.names, `adr` one of its name_*adr arrays. */
export function decodeNames(bytes: Uint8Array, adr: ArrayLike<number>): string[] {
  const decoder = new TextDecoder()
  return Array.from(adr, start => decoder.decode(bytes.subarray(start, bytes.indexOf(0, start))))
}
