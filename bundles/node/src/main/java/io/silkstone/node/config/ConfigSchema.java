package io.silkstone.node.config;

import io.silkstone.node.Spelling;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The rules of one PID, from a bundle's Metatype document.
 *
 * @param pid the PID, or the factory's
 * @param factory whether each instance has a file of its own, {@code pid~name.cfg}
 * @param rules by key
 */
record ConfigSchema(String pid, boolean factory, Map<String, SettingRule> rules) {

    /**
     * The typed values of a file.
     *
     * @param problems gets a sentence for each line that is wrong
     */
    Map<String, Object> typed(CfgFile file, List<String> problems) {
        problems.addAll(file.problems());
        Map<String, Object> typed = new LinkedHashMap<>();
        file.values()
                .forEach(
                        (key, value) -> {
                            SettingRule rule = rules.get(key);
                            if (rule == null) {
                                problems.add(unknown(key, value.line()));
                                return;
                            }
                            try {
                                typed.put(key, rule.parse(value.text()));
                            } catch (ConfigRefused refused) {
                                problems.add(
                                        "line %d: %s"
                                                .formatted(value.line(), refused.getMessage()));
                            }
                        });
        for (SettingRule rule : rules.values()) {
            if (rule.byDefault() == null && !file.values().containsKey(rule.key())) {
                problems.add(
                        "%s has no default and must be set: %s"
                                .formatted(rule.key(), rule.allowed()));
            }
        }
        return typed;
    }

    private String unknown(String key, int line) {
        List<String> keys = new ArrayList<>(rules.keySet());
        String hint =
                Spelling.nearest(key, keys).map(" (did you mean \"%s\"?)"::formatted).orElse("");
        return "line %d: there is no key \"%s\"; keys are %s%s"
                .formatted(line, key, String.join(", ", keys), hint);
    }
}
