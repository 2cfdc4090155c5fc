-- Health after kstatus: observedGeneration, and the conditions Ready, Reconciling and Stalled. The same for all kinds.
local status = obj.status or {}
local spec = obj.spec or {}

local function condition(wanted)
  for _, found in ipairs(status.conditions or {}) do
    if found.type == wanted then
      return found
    end
  end
  return { status = "Unknown", reason = "", message = "" }
end

local function health(code, message)
  return { status = code, message = message }
end

local ready = condition("Ready")
local stalled = condition("Stalled")
local reconciling = condition("Reconciling")
local synced = condition("SyncHealthy")

if obj.metadata.deletionTimestamp ~= nil then
  if stalled.status == "True" then
    return health("Degraded", stalled.message)
  end
  local blocked = reconciling.reason == "DeletionBlocked"
  return health("Progressing", blocked and reconciling.message or "Being deleted")
end
if spec.suspend == true then
  return health("Suspended", "spec.suspend is set")
end
if status.observedGeneration == nil or status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "The operator has not seen this generation yet")
end
if stalled.status == "True" then
  return health("Degraded", stalled.message)
end
if reconciling.status == "True" then
  if reconciling.reason == "AwaitingApproval" then
    return health("Suspended", reconciling.message)
  end
  return health("Progressing", reconciling.message)
end
if synced.status == "False" then
  return health("Degraded", synced.message)
end
if ready.status ~= "True" then
  return health("Progressing", ready.message)
end
if spec.sync ~= nil and spec.sync.suspend == true then
  return health("Suspended", "spec.sync.suspend is set: no syncs run")
end
return health("Healthy", ready.message)
