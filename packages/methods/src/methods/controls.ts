import type { AdversarialLoss, Parts } from '@anc/core';
import { AdversarialMethod, type AdversarialOptions, type Control } from './adversarial.js';

const control =
  (name: string, kind: Control) =>
  (options: AdversarialOptions, parts: Parts): AdversarialMethod =>
    new AdversarialMethod(options, parts, { name, control: kind, terms: [] });

/**
 * λ · E‖f_t - f_s‖² + Adv with D = 1/2: a control, the adversarial method with a D whose weights stay zero. It has no
 * gradient, like the paper's D under Eq. 5 with μ = 0.99 after a short while. Its student is that of the data term, bit
 * for bit. Not in the paper (Belagiannis 2018); everything but D is as in `AdversarialMethod`.
 */
export const deadDiscriminator = control('adversarial-dead', 'dead');

/**
 * λ · E‖f_t - f_s‖² - E log D_0(f_s), D_0 a D with its random initial weights: a control whose gradient is as smooth as
 * that of a trained D and carries no information on teacher and student. Not in the paper (Belagiannis 2018);
 * everything but D's training is as in `AdversarialMethod`.
 */
export const frozenDiscriminator = control('adversarial-frozen', 'frozen');

/** A loss whose student minimizes what D minimizes, instead of working against it. */
export const cooperative = (loss: AdversarialLoss): AdversarialLoss => ({
  name: `cooperative(${loss.name})`,
  discriminator: (onTeacher, onStudent, context) => loss.discriminator(onTeacher, onStudent, context),
  student: (onStudent, context) => loss.discriminator(context.onTeacher, onStudent, context),
});

/**
 * min over f_s and D of -E log D(f_t) - E log(1 - D(f_s)) + λ · E‖f_t - f_s‖²: a control in which the student helps D to
 * distinguish it from the teacher. It is what MEAL's code does (Shen 2019, "MEAL: multi-model ensemble via adversarial
 * learning"), where one optimizer minimizes the sum of both losses: a gain that this control shares is not due to the
 * min-max game. Here the two minimize it in turns, D first, each with its own optimizer.
 */
export const cooperativeDiscriminator = (options: AdversarialOptions, parts: Parts): AdversarialMethod =>
  control('adversarial-cooperative', 'none')(options, {
    ...parts,
    adversarialLoss: (name, given) => cooperative(parts.adversarialLoss(name, given)),
  });
