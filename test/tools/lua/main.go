// Runs Lua scripts as Argo CD runs the customizations of its users: on gopher-lua, with the libraries base, table and
// package, and with a module `os` that has time and date only.
//
// Reads [{"script": TEXT, "obj": OBJECT}] from standard input, writes [{"result": VALUE} or {"error": TEXT}].
package main

import (
	"encoding/json"
	"log"
	"os"

	lua "github.com/yuin/gopher-lua"
)

type job struct {
	Script string `json:"script"`
	Obj    any    `json:"obj"`
}

type outcome struct {
	Result any    `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	var jobs []job
	if err := json.NewDecoder(os.Stdin).Decode(&jobs); err != nil {
		log.Fatal(err)
	}
	outcomes := make([]outcome, len(jobs))
	for i, job := range jobs {
		outcomes[i] = run(job)
	}
	if err := json.NewEncoder(os.Stdout).Encode(outcomes); err != nil {
		log.Fatal(err)
	}
}

func run(job job) outcome {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage,
		lua.BaseLibName: lua.OpenBase,
		lua.TabLibName:  lua.OpenTable,
	} {
		state.Push(state.NewFunction(open))
		state.Push(lua.LString(name))
		state.Call(1, 0)
	}
	state.PreloadModule(lua.OsLibName, timeAndDate)
	state.SetGlobal("obj", toLua(state, job.Obj))
	if err := state.DoString(job.Script); err != nil {
		return outcome{Error: err.Error()}
	}
	return outcome{Result: fromLua(state.Get(-1))}
}

// timeAndDate opens the whole library, and leaves no more of it than two functions.
func timeAndDate(state *lua.LState) int {
	lua.OpenOs(state)
	whole := state.GetGlobal(lua.OsLibName)
	state.SetGlobal(lua.OsLibName, lua.LNil)
	module := state.NewTable()
	for _, name := range []string{"time", "date"} {
		module.RawSetString(name, state.GetField(whole, name))
	}
	state.Push(module)
	return 1
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case bool:
		return lua.LBool(value)
	case float64:
		return lua.LNumber(value)
	case string:
		return lua.LString(value)
	case []any:
		table := state.NewTable()
		for _, item := range value {
			table.Append(toLua(state, item))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, item := range value {
			table.RawSetString(key, toLua(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}

// fromLua reads an empty table as an empty list: Lua does not tell them apart, and Argo CD reads it so too.
func fromLua(value lua.LValue) any {
	switch value := value.(type) {
	case lua.LBool:
		return bool(value)
	case lua.LNumber:
		return float64(value)
	case lua.LString:
		return string(value)
	case *lua.LTable:
		first, _ := value.Next(lua.LNil)
		if _, isNamed := first.(lua.LString); isNamed {
			fields := map[string]any{}
			value.ForEach(func(key, item lua.LValue) { fields[key.String()] = fromLua(item) })
			return fields
		}
		list := []any{}
		value.ForEach(func(_, item lua.LValue) { list = append(list, fromLua(item)) })
		return list
	default:
		return nil
	}
}
