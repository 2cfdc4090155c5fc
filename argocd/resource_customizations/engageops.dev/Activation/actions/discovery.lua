local suspended = obj.spec.suspend == true
local actions = {
  reconcile = {},
  ["sync-now"] = { disabled = suspended },
  suspend = { disabled = suspended },
  resume = { disabled = not suspended },
}
if obj.status ~= nil and obj.status.plan ~= nil and obj.status.plan.destructive then
  actions["approve-plan"] = {}
end
return actions
