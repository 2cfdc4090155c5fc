// What constructs need of the model, plain data in and out. `npm run pack` bundles it into their packages, which depend on
// nothing else; src/cdktf/model.d.ts says the same to them.
export { DEFAULT_SCHEDULE } from '../model/destination.ts'
export { formatPath } from '../model/problems.ts'
export { API_VERSION } from '../model/resource.ts'
export { schemasOf } from '../model/space.ts'
export { checkTogether, read } from './check.ts'
export { leastMinutesBetween } from './schedule.ts'
export { tablesOf } from './tables.ts'
