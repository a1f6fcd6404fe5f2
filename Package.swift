// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target. Each upcoming feature: https://www.swift.org/swift-evolution/
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
]

/// Numeric and parsing code is unusable at -Onone (15 to 50 times slower), and `swift test` runs real models.
let hotSettings: [SwiftSetting] = swiftSettings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let cSettings: [CSetting] = [
    .unsafeFlags(["-O3"], .when(configuration: .debug)),
    .unsafeFlags(["-O3", "-ffp-contract=off"]),
]

let package = Package(
    name: "kite",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Kite", targets: ["Kite"]),
        .library(name: "KiteServer", targets: ["KiteServer"]),
        .executable(name: "kite", targets: ["KiteCLI"]),
    ],
    traits: [
        .trait(name: "Server", description: "`kite serve` and the library KiteServer, by Hummingbird and SwiftNIO."),
        .default(enabledTraits: ["Server"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        // Hummingbird's own dependencies, named because KiteServer imports them.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The only SIMD code: plain C, run-time dispatch.
        .target(name: "CKernels", cSettings: cSettings),
        // The built-in demo model, embedded with #embed.
        .target(name: "CNano", exclude: ["nano-chat.gguf"]),

        .target(name: "TensorCore", dependencies: ["CKernels"], swiftSettings: hotSettings),
        .target(name: "ModelFiles", dependencies: ["TensorCore"], swiftSettings: hotSettings),
        .target(
            name: "Tokenization",
            dependencies: ["ModelFiles", .product(name: "HeapModule", package: "swift-collections")],
            swiftSettings: hotSettings
        ),
        .target(name: "ChatTemplates", swiftSettings: hotSettings),
        .target(name: "Grammars", dependencies: ["ModelFiles"], swiftSettings: hotSettings),
        .target(
            name: "Kite",
            dependencies: ["TensorCore", "ModelFiles", "Tokenization", "ChatTemplates", "Grammars", "CNano"],
            swiftSettings: hotSettings
        ),
        .target(
            name: "KiteTools", dependencies: ["Kite", "ModelFiles", "TensorCore", "Tokenization"],
            swiftSettings: hotSettings
        ),
        // Downloads. libcurl is loaded when the first one starts: linking a TLS library would slow every start of the program.
        .target(
            name: "CCurl", cSettings: cSettings, linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "KiteHub", dependencies: ["CCurl", "ModelFiles", "TensorCore"], swiftSettings: hotSettings),
        // What the server does, without HTTP: requests and replies of the API, models by name, guards, metrics.
        .target(
            name: "ModelService",
            dependencies: [
                "Kite", "ModelFiles", "TensorCore", "Tokenization", "ChatTemplates",
                .product(name: "Logging", package: "swift-log"), .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: hotSettings
        ),
        // The chat page and the description of the API, embedded with #embed.
        .target(name: "CWeb", exclude: ["Web"]),
        .target(
            name: "KiteServer",
            dependencies: [
                "ModelService", "CWeb", "Kite", .product(name: "Logging", package: "swift-log"),
                "ModelFiles", .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Hummingbird", package: "hummingbird", condition: .when(traits: ["Server"])),
                .product(name: "HummingbirdCore", package: "hummingbird", condition: .when(traits: ["Server"])),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: .when(traits: ["Server"])),
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Server"])),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras", condition: .when(traits: ["Server"])),
                .product(
                    name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["Server"])),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "KiteCLI",
            dependencies: [
                "Kite", "KiteHub", "KiteTools", "ModelService", "KiteServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: swiftSettings
        ),

        .target(
            name: "TestSupport", dependencies: ["ModelFiles", "TensorCore"], path: "Tests/TestSupport",
            swiftSettings: hotSettings),
    ]
)

for (name, dependencies) in [
    ("TensorCore", ["TensorCore"]),
    ("ModelFiles", ["ModelFiles", "TensorCore"]),
    ("Tokenization", ["Tokenization", "ModelFiles"]),
    ("ChatTemplates", ["ChatTemplates", "ModelFiles"]),
    ("Grammars", ["Grammars", "ModelFiles"]),
    ("Kite", ["Kite"]),
    ("KiteTools", ["KiteTools", "Kite", "ModelFiles", "Tokenization", "TensorCore"]),
    ("KiteHub", ["KiteHub", "ModelFiles", "TensorCore"]),
    ("ModelService", ["ModelService", "Kite", "ModelFiles", "TensorCore", "ChatTemplates"]),
    ("KiteServer", ["KiteServer", "ModelService", "ModelFiles", "Kite"]),
    ("KiteCLI", ["KiteCLI"]),
] {
    package.targets.append(
        .testTarget(
            name: "\(name)Tests",
            dependencies: dependencies.map { .byName(name: $0) } + ["TestSupport"],
            swiftSettings: hotSettings
        )
    )
}

// A libFuzzer entry point, named by scripts/fuzz.sh only: it needs -sanitize=fuzzer on the whole build.
if let name = Context.environment["KITE_FUZZ"] {
    let dependencies = [
        "FuzzGGUF": ["ModelFiles", "TensorCore"], "FuzzSafetensors": ["ModelFiles", "TensorCore"],
        "FuzzTokenizer": ["Tokenization", "ModelFiles", "TensorCore"], "FuzzTemplate": ["ChatTemplates"],
        "FuzzGrammar": ["Grammars"],
    ]
    package.targets += [
        .target(name: "CFuzzMain", path: "Fuzz/CFuzzMain", cSettings: [.define("KITE_FUZZ_MAIN", to: "\(name)_main")]),
        .target(name: "FuzzSeeds", path: "Fuzz/FuzzSeeds"),
        .executableTarget(
            name: name,
            dependencies: ["CFuzzMain", "FuzzSeeds"] + (dependencies[name] ?? []).map { .byName(name: $0) },
            path: "Fuzz/\(name)", swiftSettings: hotSettings + [.unsafeFlags(["-parse-as-library"])]
        ),
    ]
}
