// Package autoexport exports nothing: the registry keeps its traces to itself, whatever the environment says.
package autoexport

import (
	"context"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func NewSpanExporter(context.Context) (trace.SpanExporter, error) {
	return tracetest.NewNoopExporter(), nil
}
