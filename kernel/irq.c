/*
 * Interrupt lines and who listens on them. A line may be shared (INTx), so every handler of a
 * line is called and asks its own device.
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"

void
irq_attach(struct irq_line *line, struct irq_action *action)
{
    bool on = platform->irq_save();
    bool first = !line->actions;

    action->next = line->actions;
    line->actions = action;
    if (first)
        line->mask(line, false);
    platform->irq_restore(on);
}

void
irq_detach(struct irq_line *line, struct irq_action *action)
{
    bool on = platform->irq_save();

    for (struct irq_action **at = &line->actions; *at; at = &(*at)->next) {
        if (*at != action)
            continue;
        *at = action->next;
        if (!line->actions)
            line->mask(line, true);
        break;
    }
    platform->irq_restore(on);
}

void
irq_dispatch(struct irq_line *line)
{
    line->count++;
    for (struct irq_action *action = line->actions; action; action = action->next)
        action->handler(action->arg);
}
