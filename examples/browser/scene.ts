/** The first worlds of a batch, side by side, drawn with three.js. */
import type { Model } from 'simcrank'
import {
  BoxGeometry,
  type BufferGeometry,
  CapsuleGeometry,
  Color,
  CylinderGeometry,
  DataTexture,
  DirectionalLight,
  Fog,
  HemisphereLight,
  InstancedMesh,
  LinearMipmapLinearFilter,
  Matrix4,
  Mesh,
  MeshStandardMaterial,
  PCFShadowMap,
  PerspectiveCamera,
  PlaneGeometry,
  Quaternion,
  RepeatWrapping,
  Scene,
  SphereGeometry,
  SRGBColorSpace,
  Vector3,
  WebGLRenderer,
} from 'three'

export const SHOWN = 16

/** Where worlds stand in the picture, m. */
interface Stage {
  readonly columns: number
  /** from one world to the next, x and y */
  readonly spacing: readonly [number, number]
  /** height of the ground */
  readonly ground: number
}

const STAGES: Readonly<Record<string, Stage>> = {
  cartpole: { columns: 2, spacing: [5, 1.5], ground: -0.95 },
  ant: { columns: 4, spacing: [3.4, 3], ground: 0 },
  'half-cheetah': { columns: 4, spacing: [3, 2.4], ground: 0 },
}

/** from where the picture is taken */
const DIRECTION = new Vector3(0.42, -1, 0.72).normalize()
/** degrees */
const ANGLE = 26
/** CSS pixels that the panel covers on the left of a wide page */
const PANEL = 320

// mjtGeom
const [SPHERE, CAPSULE, ELLIPSOID, CYLINDER, BOX] = [2, 3, 4, 5, 6]

/** A geom's shape in its own frame, z its long axis; undefined for what is not drawn (planes: there is a ground). */
function shapeOf(type: number, [a, b, c]: ArrayLike<number> & Iterable<number>): BufferGeometry | undefined {
  if (type === SPHERE) return new SphereGeometry(a, 24, 16)
  if (type === CAPSULE) return new CapsuleGeometry(a, 2 * b, 6, 16).rotateX(Math.PI / 2)
  if (type === ELLIPSOID) return new SphereGeometry(1, 24, 16).scale(a, b, c)
  if (type === CYLINDER) return new CylinderGeometry(a, a, 2 * b, 24).rotateX(Math.PI / 2)
  if (type === BOX) return new BoxGeometry(2 * a, 2 * b, 2 * c)
  return undefined
}

interface Part {
  readonly body: number
  /** of the geom in its body */
  readonly frame: Matrix4
  /** an instance for each world shown */
  readonly mesh: InstancedMesh
}

const SKY = '#e9eef4'
/** m, squares of one metre */
const FLOOR = 160

function checker(anisotropy: number): DataTexture {
  const [a, b] = [
    [222, 229, 237, 255],
    [212, 220, 230, 255],
  ]
  const texture = new DataTexture(new Uint8Array([a, b, b, a].flat()), 2, 2)
  texture.wrapS = texture.wrapT = RepeatWrapping
  texture.repeat.set(FLOOR / 2, FLOOR / 2)
  texture.minFilter = LinearMipmapLinearFilter
  texture.generateMipmaps = true
  texture.anisotropy = anisotropy
  texture.colorSpace = SRGBColorSpace
  texture.needsUpdate = true
  return texture
}

export class Picture {
  readonly #renderer: WebGLRenderer
  readonly #scene = new Scene()
  readonly #camera = new PerspectiveCamera(ANGLE, 1, 1, 200)
  #parts: Part[] = []
  #floor: Mesh | undefined
  #stage: Stage = STAGES.cartpole
  #nbody = 0

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.#renderer = new WebGLRenderer({ canvas, antialias: true })
    this.#renderer.shadowMap.enabled = true
    this.#renderer.shadowMap.type = PCFShadowMap
    this.#renderer.setPixelRatio(Math.min(2, devicePixelRatio))
    // MuJoCo's z points up
    this.#camera.up.set(0, 0, 1)
    this.#scene.background = new Color(SKY)
    this.#scene.fog = new Fog(SKY, 30, 70)
    const sun = new DirectionalLight('#fff4e5', 2.6)
    sun.position.set(6, -5, 14)
    sun.castShadow = true
    sun.shadow.mapSize.set(2048, 2048)
    Object.assign(sun.shadow.camera, { left: -14, right: 14, top: 14, bottom: -14, far: 40 })
    this.#scene.add(sun, new HemisphereLight('#ffffff', '#b9c4d2', 1.5))
  }

  /** Put worlds of another model on the stage. */
  show(name: string, model: Model): void {
    this.clear()
    this.#stage = STAGES[name] ?? STAGES.ant
    this.#nbody = model.nbody
    const { geom_type, geom_size, geom_bodyid, geom_pos, geom_quat } = model.field
    for (let g = 0; g < model.ngeom; g++) {
      const shape = shapeOf(geom_type[g], geom_size.slice(3 * g, 3 * g + 3))
      if (shape === undefined) continue
      const mesh = new InstancedMesh(shape, new MeshStandardMaterial({ roughness: 0.55 }), SHOWN)
      mesh.castShadow = true
      mesh.receiveShadow = true
      mesh.frustumCulled = false
      const fixed = geom_bodyid[g] === 0
      for (let w = 0; w < SHOWN; w++) {
        // a colour for every world, a shade for every geom; what does not move is grey
        const shade = 0.52 + 0.1 * ((g % 3) - 1)
        mesh.setColorAt(w, fixed ? new Color('#9aa5b3') : new Color().setHSL((w * 0.618034) % 1, 0.55, shade))
      }
      const [w, x, y, z] = geom_quat.slice(4 * g, 4 * g + 4)
      const [px, py, pz] = geom_pos.slice(3 * g, 3 * g + 3)
      const frame = new Matrix4().compose(new Vector3(px, py, pz), new Quaternion(x, y, z, w), new Vector3(1, 1, 1))
      this.#parts.push({ body: geom_bodyid[g], frame, mesh })
      this.#scene.add(mesh)
    }
    this.#floor = new Mesh(
      new PlaneGeometry(FLOOR, FLOOR),
      new MeshStandardMaterial({ map: checker(this.#renderer.capabilities.getMaxAnisotropy()), roughness: 1 }),
    )
    this.#floor.position.z = this.#stage.ground
    this.#floor.receiveShadow = true
    this.#scene.add(this.#floor)
  }

  /** Draw the first worlds. @param xpos (nworld, nbody, 3) @param xquat (nworld, nbody, 4), both in MuJoCo's order */
  draw(xpos: Float32Array, xquat: Float32Array): void {
    const { columns, spacing } = this.#stage
    const rows = SHOWN / columns
    const pose = new Matrix4()
    const [position, rotation, one] = [new Vector3(), new Quaternion(), new Vector3(1, 1, 1)]
    for (const { body, frame, mesh } of this.#parts) {
      for (let w = 0; w < SHOWN; w++) {
        const p = 3 * (w * this.#nbody + body)
        const q = 4 * (w * this.#nbody + body)
        position.fromArray(xpos, p)
        position.x += ((w % columns) - (columns - 1) / 2) * spacing[0]
        position.y += (Math.floor(w / columns) - (rows - 1) / 2) * spacing[1]
        rotation.set(xquat[q + 1], xquat[q + 2], xquat[q + 3], xquat[q])
        mesh.setMatrixAt(w, pose.compose(position, rotation, one).multiply(frame))
      }
      mesh.instanceMatrix.needsUpdate = true
    }
    this.#fit()
    this.#renderer.render(this.#scene, this.#camera)
  }

  /** as large as the page is now, all worlds in it, beside the panel or below it */
  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas
    this.#renderer.setSize(width, height, false)
    const wide = width > 2.5 * PANEL
    const { columns, spacing, ground } = this.#stage
    const [across, deep] = [columns * spacing[0], (SHOWN / columns) * spacing[1]]
    const room = (wide ? width - PANEL : width) / height
    const tall = 0.75 * deep + 1
    const away = (0.86 * Math.max(tall, (across + 0.4 * deep) / room)) / (2 * Math.tan((ANGLE * Math.PI) / 360))
    this.#camera.aspect = width / height
    this.#camera.position.copy(DIRECTION).multiplyScalar(away)
    this.#camera.position.z += ground
    this.#camera.lookAt(0, 0, ground + 0.4)
    this.#camera.setViewOffset(width, height, wide ? -PANEL / 2 : 0, wide ? 0 : -height / 8, width, height)
  }

  clear(): void {
    const meshes = this.#parts.map(part => part.mesh)
    for (const it of this.#floor === undefined ? meshes : [...meshes, this.#floor]) {
      this.#scene.remove(it)
      it.geometry.dispose()
      for (const material of [it.material].flat() as MeshStandardMaterial[]) {
        material.map?.dispose()
        material.dispose()
      }
    }
    this.#parts = []
    this.#floor = undefined
  }
}
