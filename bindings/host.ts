/** Whether this is Node, and Node's own modules: bundlers for pages, which have none of them, see no import to follow. */

export const inNode: boolean = typeof process !== 'undefined' && process.versions?.node !== undefined

/** A module of Node itself, e.g. 'node:fs/promises'; elsewhere there is nothing in it. */
export const nodeModule: NodeJS.Process['getBuiltinModule'] = (id: string) =>
  (inNode ? process.getBuiltinModule(id) : {}) as never
