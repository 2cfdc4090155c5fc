local actions = { reconcile = {}, ["sync-now"] = {} }
if obj.status ~= nil and obj.status.plan ~= nil and obj.status.plan.destructive then
  actions["approve-plan"] = {}
end
return actions
