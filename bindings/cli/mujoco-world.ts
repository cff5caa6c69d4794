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

let shared: Promise<MainModule> | undefined

/** The MuJoCo of this process, warm after the first model; a model that makes it abort ends its use, not the next one's. */
async function sharedMujoco(): Promise<MainModule> {
  shared ??= openMujoco().then(mj => {
    serveDisk(mj)
    return mj
  })
  return shared
}

/**
 * The cost that MuJoCo's constraint solvers minimise, in double precision: 1/2 (a - a0)' M (a - a0) + s(J a - aref), by
 * MuJoCo's own s for its cones. The data must have gone through mj_forward; its efc_force, efc_state and
 * qfrc_constraint become those of `qacc`.
 *
 * @param qacc (nv) the acceleration to judge
 */
export function constraintCost(mj: MainModule, model: MjModel, data: MjData, qacc: ArrayLike<number>): number {
  const { nv } = model
  const { nefc } = data
  const smooth = data.qacc_smooth as Float64Array
  const away = Array.from({ length: nv }, (_, i) => qacc[i] - smooth[i])
  const cost = new mj.DoubleBuffer(1)
  const sized = new mj.DoubleBuffer(nv)
  const rows = new mj.DoubleBuffer(nefc)
  try {
    mj.mj_mulM(model, data, sized, away)
    const force = sized.GetView() as Float64Array
    let gauss = 0
    for (let i = 0; i < nv; i++) gauss += 0.5 * force[i] * away[i]
    if (nefc === 0) return gauss
    mj.mj_mulJacVec(model, data, rows, Array.from(qacc))
    const aref = data.efc_aref as Float64Array
    const jar = Array.from(rows.GetView() as Float64Array, (x, i) => x - aref[i])
    mj.mj_constraintUpdate(model, data, jar, cost, 0)
    return gauss + (cost.GetView() as Float64Array)[0]
  } finally {
    for (const it of [cost, sized, rows]) it.delete()
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
    const mj = await sharedMujoco()
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

  /** mj_resetData, or mj_resetDataKeyframe */
  reset(key?: number): void {
    if (key === undefined) this.mj.mj_resetData(this.model, this.data)
    else this.mj.mj_resetDataKeyframe(this.model, this.data, key)
  }

  /** `constraintCost` of an acceleration in the state of the last forward */
  cost(qacc: ArrayLike<number>): number {
    return constraintCost(this.mj, this.model, this.data, qacc)
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
