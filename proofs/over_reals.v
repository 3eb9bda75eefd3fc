(** * Over the real numbers

    What is proved over every real closed field, at the reals of Coq's standard library: the branch of a
    simple eigenvalue, and with the logarithm of that library the gradient of log det X. *)

From Coq Require Import Rdefinitions RIneq Ranalysis1 Rpower.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp.analysis Require Import Rstruct.
From Symgrad Require Import contraction norm perturbation branch determinant.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** A simple eigenvalue of a real symmetric matrix has one branch, with the gradient v vᵀ. *)
Theorem real_branch (n : nat) (X : 'M[R]_n) (v : 'cV[R]_n) (lam : R) :
  X^T = X -> X *m v = lam *: v -> ⟨v, v⟩ = 1 -> (char_poly X)^`().[lam] != 0 ->
  exists f : 'M[R]_n -> R,
    [/\ f X = lam,
        exists2 r, 0 < r & forall H, norm H < r -> forall x,
          (`|x - lam| < radius X v lam /\ root (char_poly (X + H)) x) <-> x = f (X + H),
        gradient_sym f X (v *m v^T)
      & second_sym f X (v *m v^T) (fun H => 2%:R * ⟨v, H *m resolvent X v lam *m H *m v⟩)].
Proof. exact: branch_differentiable. Qed.

(** The logarithm is differentiable. *)
Lemma ln_derivative (y : R) : 0 < y -> derivative_at ln y y^-1.
Proof.
move=> /RltP y_gt0 e /RltP e_gt0; have [d bound] := derivable_pt_lim_ln y y_gt0 e e_gt0.
exists (pos d) => [|t small]; first by apply/RltP/cond_pos.
have [-> | t_neq0] := eqVneq t 0; first by rewrite addr0 mulr0 !subrr normr0 mulr0.
have := bound t (elimN eqP t_neq0) (elimT (RltP _ _) small) => /RltP.
move/RltP in y_gt0; rewrite RdivE // RinvE ?gt_eqF // => close.
have -> : ln (y + t) - ln y - y^-1 * t = ((ln (y + t) - ln y) / t - y^-1) * t.
  by rewrite [RHS]mulrBl divfK.
by rewrite normrM ler_wpmul2r // ltW.
Qed.

(** Where det X > 0, log det X is differentiable, with the gradient X⁻ᵀ. *)
Theorem real_log_det (n : nat) (X : 'M[R]_n) :
  0 < \det X -> gradient_mx (fun A => ln (\det A)) X (invmx X)^T.
Proof.
move=> det_gt0; have unitX : X \in unitmx by rewrite unitmxE unitfE gt_eqF.
have := gradient_chain (det_gradient X) (ln_derivative det_gt0).
by rewrite /invmx unitX linearZ.
Qed.

(** And det X itself, everywhere, with the gradient adj(X)ᵀ. *)
Theorem real_det (n : nat) (X : 'M[R]_n) : gradient_mx (fun A => \det A) X (\adj X)^T.
Proof. exact: det_gradient. Qed.
