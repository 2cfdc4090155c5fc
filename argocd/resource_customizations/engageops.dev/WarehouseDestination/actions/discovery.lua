local suspended = obj.spec.sync ~= nil and obj.spec.sync.suspend == true
return {
  reconcile = {},
  ["sync-now"] = {},
  suspend = { disabled = suspended },
  resume = { disabled = not suspended },
}
