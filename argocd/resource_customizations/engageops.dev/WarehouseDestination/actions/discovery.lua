local suspended = obj.spec.sync ~= nil and obj.spec.sync.suspend == true
return {
  reconcile = {},
  suspend = { disabled = suspended },
  resume = { disabled = not suspended },
}
