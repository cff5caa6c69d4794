/** Enumerations of MuJoCo that sensors need (mjtSensor, mjtConDataField, mjtRayDataField). */

export const SENS_TOUCH: i32 = 0
export const SENS_ACCELEROMETER: i32 = 1
export const SENS_VELOCIMETER: i32 = 2
export const SENS_GYRO: i32 = 3
export const SENS_FORCE: i32 = 4
export const SENS_TORQUE: i32 = 5
export const SENS_MAGNETOMETER: i32 = 6
export const SENS_RANGEFINDER: i32 = 7
export const SENS_JOINTPOS: i32 = 9
export const SENS_JOINTVEL: i32 = 10
export const SENS_TENDONPOS: i32 = 11
export const SENS_TENDONVEL: i32 = 12
export const SENS_ACTUATORPOS: i32 = 13
export const SENS_ACTUATORVEL: i32 = 14
export const SENS_ACTUATORFRC: i32 = 15
export const SENS_JOINTACTFRC: i32 = 16
export const SENS_TENDONACTFRC: i32 = 17
export const SENS_BALLQUAT: i32 = 18
export const SENS_BALLANGVEL: i32 = 19
export const SENS_JOINTLIMITPOS: i32 = 20
export const SENS_JOINTLIMITVEL: i32 = 21
export const SENS_JOINTLIMITFRC: i32 = 22
export const SENS_TENDONLIMITPOS: i32 = 23
export const SENS_TENDONLIMITVEL: i32 = 24
export const SENS_TENDONLIMITFRC: i32 = 25
export const SENS_FRAMEPOS: i32 = 26
export const SENS_FRAMEQUAT: i32 = 27
export const SENS_FRAMEXAXIS: i32 = 28
export const SENS_FRAMEZAXIS: i32 = 30
export const SENS_FRAMELINVEL: i32 = 31
export const SENS_FRAMEANGVEL: i32 = 32
export const SENS_FRAMELINACC: i32 = 33
export const SENS_FRAMEANGACC: i32 = 34
export const SENS_SUBTREECOM: i32 = 35
export const SENS_SUBTREELINVEL: i32 = 36
export const SENS_SUBTREEANGMOM: i32 = 37
export const SENS_INSIDESITE: i32 = 38
export const SENS_CONTACT: i32 = 42
export const SENS_E_POTENTIAL: i32 = 43
export const SENS_E_KINETIC: i32 = 44
export const SENS_CLOCK: i32 = 45

/** mjtConDataField */
export const CONDATA_FOUND: i32 = 0
export const CONDATA_FORCE: i32 = 1
export const CONDATA_TORQUE: i32 = 2
export const CONDATA_DIST: i32 = 3
export const CONDATA_POS: i32 = 4
export const CONDATA_NORMAL: i32 = 5
export const CONDATA_TANGENT: i32 = 6

/** mjtRayDataField */
export const RAYDATA_DIST: i32 = 0
export const RAYDATA_DIR: i32 = 1
export const RAYDATA_ORIGIN: i32 = 2
export const RAYDATA_POINT: i32 = 3
export const RAYDATA_NORMAL: i32 = 4
export const RAYDATA_DEPTH: i32 = 5
