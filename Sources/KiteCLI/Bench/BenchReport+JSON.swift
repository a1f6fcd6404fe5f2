import Kite
import KiteTools

extension BenchReport {
    /// A result with the names that llama-bench's `-o json` has, and more: `n_seq`, `median_ts`, `ceiling_ts`, `machine`.
    static func json(
        _ result: SpeedBenchmark.Result, of model: BenchModel, layout: KVLayout, promptChunk: Int, time: String
    ) -> JSONValue {
        let nanoseconds = result.seconds.map { $0 * 1e9 }
        let test = result.test
        let members: [(key: String, value: JSONValue)] = [
            ("build_number", .string(Version.current)), ("backends", "CPU"),
            ("cpu_level", .string(CPULevel.current.name)),
            ("model_filename", .string(model.name)), ("model_type", .string(model.type)),
            ("model_size", .integer(Int64(model.checkpoint.tensorByteCount))),
            ("model_n_params", .integer(Int64(model.checkpoint.parameterCount))),
            ("n_batch", .integer(Int64(promptChunk))), ("n_ubatch", .integer(Int64(promptChunk))),
            ("n_threads", .integer(Int64(result.threads))), ("type_k", .string(layout.type.rawValue)),
            ("type_v", .string(layout.type.rawValue)), ("n_prompt", .integer(Int64(test.prompt))),
            ("n_gen", .integer(Int64(test.generated))), ("n_depth", .integer(Int64(test.depth))),
            ("n_seq", .integer(Int64(test.sequences))), ("test_time", .string(time)),
            ("avg_ns", .integer(Int64(SpeedBenchmark.Result.average(nanoseconds)))),
            ("stddev_ns", .integer(Int64(SpeedBenchmark.Result.deviation(nanoseconds)))),
            ("avg_ts", .number(result.average)), ("stddev_ts", .number(result.deviation)),
            ("median_ts", .number(result.median)),
            ("samples_ns", .array(nanoseconds.map { .integer(Int64($0)) })),
            ("samples_ts", .array(result.samples.map(JSONValue.number))),
        ]
        var object = JSONObject()
        for (key, value) in members { object[key] = value }
        if let ceiling = result.ceiling { object["ceiling_ts"] = .number(ceiling) }
        if let machine = result.machine { object["machine"] = json(machine) }
        return .object(object)
    }

    private static func json(_ machine: MachineCeilings) -> JSONValue {
        [
            "read_bytes_per_s": .number(machine.readBandwidth), "int8_ops_per_s": .number(machine.int8Operations),
            "bf16_ops_per_s": machine.bf16Operations.map(JSONValue.number) ?? .null,
            "f32_ops_per_s": .number(machine.f32Operations),
        ]
    }
}
