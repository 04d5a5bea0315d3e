package io.silkstone.shell.session;

import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandCatalog;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.format.AnswerConverter;
import io.silkstone.shell.scopes.HelpCommands;
import java.util.Hashtable;
import java.util.List;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.Converter;
import org.apache.felix.service.command.Function;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** Gathers the command scopes and gives their commands, and the look of answers, to gogo. */
@Component(name = "io.silkstone.shell.catalog", service = CommandCatalog.class, immediate = true)
public final class CatalogComponent implements CommandCatalog {
    private final PublishedCatalog catalog;
    private final ServiceRegistration<Converter> converter;
    private final List<ServiceRegistration<?>> gogo;

    /** Called by the component runtime. */
    @Activate
    public CatalogComponent(BundleContext context, @Reference CommandProcessor processor) {
        catalog = new PublishedCatalog((command, function) -> publish(context, command, function));
        converter = context.registerService(Converter.class, new AnswerConverter(), null);
        gogo = GogoCommands.publish(context, processor);
        catalog.add(new HelpCommands(catalog));
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addScope(CommandScope scope) {
        catalog.add(scope);
    }

    void removeScope(CommandScope scope) {
        catalog.remove(scope);
    }

    @Override
    public List<Command> commands() {
        return catalog.commands();
    }

    @Deactivate
    void close() {
        catalog.close();
        gogo.forEach(ServiceRegistration::unregister);
        converter.unregister();
    }

    private static Runnable publish(BundleContext context, Command command, Function function) {
        Hashtable<String, Object> properties = new Hashtable<>();
        properties.put(CommandProcessor.COMMAND_SCOPE, command.scope());
        properties.put(CommandProcessor.COMMAND_FUNCTION, command.function());
        return context.registerService(Function.class, function, properties)::unregister;
    }
}
