import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { ModelError, SimcrankError } from '../errors.js'
import { type Field, modelFields } from '../fields.js'
import type { Model } from '../model/model.js'
import { openMujoco } from '../model/mujoco.js'

/** Let MuJoCo find files of this machine under their own paths. The model was compiled in a worker before: it is safe. */
function serveDisk(mj: MainModule): void {
  const { FS } = mj
  const stat = FS.stat
  FS.stat = (path: unknown, dontFollow?: unknown) => {
    if (
      typeof path === 'string' &&
      !FS.analyzePath(path, false).exists &&
      existsSync(path) &&
      statSync(path).isFile()
    ) {
      FS.mkdirTree(path.slice(0, path.lastIndexOf('/')) || '/', 0o777)
      FS.writeFile(path, readFileSync(path))
    }
    return stat(path, dontFollow)
  }
}

/** One world of MuJoCo itself, to compare with: one mjModel and one mjData, read and written by field name. */
export class MujocoWorld {
  private constructor(
    private readonly mj: MainModule,
    private readonly model: MjModel,
    private readonly data: MjData,
  ) {}

  /**
   * Compile what `model` was loaded from, then give it the numbers of `model`, which differ from the XML's when it is a
   * saved one.
   *
   * @param file the XML, or the saved Model, that `model` came from
   * @throws {ModelError} when a saved Model lacks its XML, or the XML needs files that are not there
   */
  static async open(model: Model, file: string): Promise<MujocoWorld> {
    const isXml = /^[\uFEFF\s]*</.test(readFileSync(file, { encoding: 'utf8' }).slice(0, 1000))
    if (!isXml && model.xml === '') {
      throw new ModelError('MODEL_NO_XML', 'this saved Model does not hold its XML, so MuJoCo has nothing to compile', {
        place: file,
      })
    }
    const mj = await openMujoco()
    serveDisk(mj)
    let compiled: MjModel
    try {
      const absolute = resolve(file)
      if (!isXml) {
        mj.FS.mkdirTree(absolute.slice(0, absolute.lastIndexOf('/')) || '/', 0o777)
        mj.FS.writeFile(absolute, model.xml)
      }
      compiled = mj.MjModel.from_xml_path(absolute)
    } catch (error) {
      throw new ModelError('MODEL_XML', `MuJoCo cannot compile it: ${error instanceof Error ? error.message : error}`, {
        place: file,
        cause: error,
      })
    }
    const world = new MujocoWorld(mj, compiled, new mj.MjData(compiled))
    for (const field of modelFields)
      if (field.perWorld && field.type === 'f') world.writeModel(field, model.field[field.name])
    world.reset()
    return world
  }

  private writeModel(field: Field, values: ArrayLike<number>): void {
    const [object, name] = field.name.startsWith('opt_')
      ? [this.model.opt, field.name.slice(4)]
      : [this.model, field.name]
    const record = object as unknown as Record<string, unknown>
    if (typeof record[name] === 'number') record[name] = values[0]
    else if (values.length > 0) (record[name] as Float64Array).set(values)
  }

  /** a copy of a field of mjData */
  get(field: string): Float64Array {
    const value = (this.data as unknown as Record<string, unknown>)[field]
    if (typeof value === 'number') return Float64Array.of(value)
    if (ArrayBuffer.isView(value)) return Float64Array.from(value as Float64Array)
    throw new SimcrankError('MUJOCO_FIELD', `MuJoCo has no field '${field}' in mjData`)
  }

  set(field: string, values: ArrayLike<number>): void {
    const record = this.data as unknown as Record<string, unknown>
    if (typeof record[field] === 'number') record[field] = values[0]
    else (record[field] as Float64Array).set(values)
  }

  /** mj_step, n times */
  step(n = 1): void {
    for (let i = 0; i < n; i++) this.mj.mj_step(this.model, this.data)
  }

  /** mj_forward */
  forward(): void {
    this.mj.mj_forward(this.model, this.data)
  }

  /** mj_resetData */
  reset(): void {
    this.mj.mj_resetData(this.model, this.data)
  }

  /** MuJoCo warned since the last reset: the state diverged, or a buffer is full */
  warned(): boolean {
    const list = this.data.warning
    for (let i = 0; i < list.size(); i++) {
      const stat = list.get(i)
      const raised = stat !== undefined && stat.number > 0
      stat?.delete()
      if (raised) return true
    }
    return false
  }

  [Symbol.dispose](): void {
    this.data.delete()
    this.model.delete()
  }
}
