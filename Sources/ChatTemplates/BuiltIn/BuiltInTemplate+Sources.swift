extension BuiltInTemplate {
    /// The Jinja source: the family's published template, or one to the same effect that also takes a system message
    /// where the published one refuses it.
    public var source: String {
        switch self {
        case .stablelmZephyr, .zephyr: Self.zephyrSource
        case .chatML: Self.chatMLSource
        case .mistralInstruct: Self.mistralSource
        case .llama2: Self.llama2Source
        case .llama3: Self.llama3Source
        case .plain: Self.plainSource
        }
    }

    /// What `eos_token` is when the caller does not know it. The two Zephyr families differ in nothing else.
    public var defaultEosToken: String {
        switch self {
        case .stablelmZephyr: "<|endoftext|>"
        case .chatML: "<|im_end|>"
        case .llama3: "<|eot_id|>"
        case .zephyr, .mistralInstruct, .llama2: "</s>"
        case .plain: ""
        }
    }

    /// What `bos_token` is when the caller does not know it; empty for formats that do not begin with one.
    public var defaultBosToken: String {
        switch self {
        case .mistralInstruct, .llama2: "<s>"
        case .llama3: "<|begin_of_text|>"
        case .stablelmZephyr, .zephyr, .chatML, .plain: ""
        }
    }

    /// Renders a conversation with this format; tokens not given are the family's own.
    public func render(
        messages: [ChatMessage], addGenerationPrompt: Bool, bosToken: String? = nil, eosToken: String? = nil
    ) throws(ChatTemplateError) -> String {
        try template.render(
            messages: messages, addGenerationPrompt: addGenerationPrompt, bosToken: bosToken ?? defaultBosToken,
            eosToken: eosToken ?? defaultEosToken)
    }

    private static let zephyrSource = """
        {% for message in messages %}
        {% if message['role'] == 'user' %}
        {{ '<|user|>\\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'system' %}
        {{ '<|system|>\\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'assistant' %}
        {{ '<|assistant|>\\n' + message['content'] + eos_token }}
        {% endif %}
        {% if loop.last and add_generation_prompt %}
        {{ '<|assistant|>' }}
        {% endif %}
        {% endfor %}
        """

    private static let chatMLSource = """
        {% for message in messages %}
        {{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' }}
        {% endfor %}
        {% if add_generation_prompt %}
        {{ '<|im_start|>assistant\\n' }}
        {%- endif %}
        """

    /// Checks that users and assistants take turns after an optional system message, which goes before the first
    /// question.
    private static let alternation = """
        {% if messages and messages[0]['role'] == 'system' %}
        {% set system = messages[0]['content'] %}
        {% set turns = messages[1:] %}
        {% else %}
        {% set turns = messages %}
        {% endif %}
        {% for message in turns %}
        {% if message['role'] not in ['user', 'assistant'] %}
        {{ raise_exception('Only user and assistant roles are supported after an optional system message!') }}
        {% elif (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
        {% endif %}

        """

    private static let mistralSource =
        "{{ bos_token }}" + alternation + """
            {% if message['role'] == 'user' %}
            {{- '[INST] ' }}
            {%- if loop.first and system is defined %}{{ system + '\\n\\n' }}{% endif %}
            {{- message['content'] + ' [/INST]' }}
            {%- else %}
            {{- message['content'] + eos_token }}
            {%- endif %}
            {%- endfor %}
            """

    private static let llama2Source =
        alternation + """
            {% if message['role'] == 'user' %}
            {{- bos_token + '[INST] ' }}
            {%- if loop.first and system is defined %}
            {{- ('<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message['content']).strip() }}
            {%- else %}
            {{- message['content'].strip() }}
            {%- endif %}
            {{- ' [/INST]' }}
            {%- else %}
            {{- ' ' + message['content'].strip() + ' ' + eos_token }}
            {%- endif %}
            {%- endfor %}
            """

    private static let llama3Source = """
        {% for message in messages %}
        {% if loop.first %}{{ bos_token }}{% endif %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
        {{- message['content'] | trim + '<|eot_id|>' }}
        {%- endfor %}
        {% if add_generation_prompt %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
        {%- endif %}
        """

    private static let plainSource = """
        {% for message in messages %}
        {{ message['content'] }}
        {%- if not loop.last %}{{ '\\n' }}{% endif %}
        {% endfor %}
        """
}
