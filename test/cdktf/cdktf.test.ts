import { installed } from './installed.ts'
import { suites } from './suites/suites.ts'

suites(installed('cdktf'))
