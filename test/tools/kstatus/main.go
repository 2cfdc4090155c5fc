// Says of resources how they are by the rules of kstatus, as Flux and other tools ask.
//
// Reads [OBJECT] from standard input, writes [{"status": STATUS, "message": TEXT}].
package main

import (
	"encoding/json"
	"log"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func main() {
	var objects []*unstructured.Unstructured
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		log.Fatal(err)
	}
	verdicts := make([]verdict, len(objects))
	for i, object := range objects {
		result, err := status.Compute(object)
		if err != nil {
			log.Fatal(err)
		}
		verdicts[i] = verdict{result.Status.String(), result.Message}
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		log.Fatal(err)
	}
}
