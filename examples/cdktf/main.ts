import { App } from 'cdktf'
import { EngageStack } from './engage-stack'

const app = new App()
// What differs between clusters stands in cdktf.json.
new EngageStack(app, 'engage', app.node.getContext('engage'))
app.synth()
